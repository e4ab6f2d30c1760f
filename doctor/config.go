package doctor

import (
	"errors"
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Credentials name an apiserver and who asks it.
type Credentials struct {
	Kubeconfig string // empty: $KUBECONFIG, else ~/.kube/config
	Context    string // empty: the current one
	InCluster  bool   // those of the pod
}

// ErrNoCluster says that no credentials were named, and there are none by default.
var ErrNoCluster = errors.New("there is no kubeconfig")

// Load reads the credentials, and gives the name by which to speak of their cluster.
func (c Credentials) Load() (config *rest.Config, name string, err error) {
	if c.InCluster {
		config, err = rest.InClusterConfig()
		if err != nil {
			return nil, "", fmt.Errorf("use the credentials of the pod: %w", err)
		}
		return config, "this cluster", nil
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.Kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: c.Context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, "", fmt.Errorf("read the kubeconfig: %w", err)
	}
	if c == (Credentials{}) && (raw.CurrentContext == "" || len(raw.Clusters) == 0) {
		return nil, "", ErrNoCluster
	}
	if config, err = loader.ClientConfig(); err != nil {
		return nil, "", fmt.Errorf("read the kubeconfig: %w", err)
	}
	if name = c.Context; name == "" {
		name = raw.CurrentContext
	}
	return config, name, nil
}
