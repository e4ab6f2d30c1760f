package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubewake/kubewake/record"
)

// Access says where credentials for clusters are. The zero value means: the cluster that this process runs in, else the
// current context of the user's kubeconfig ($KUBECONFIG, ~/.kube/config).
type Access struct {
	// Cluster is what the cluster is called where only one is named; default the context's name, in a cluster "in-cluster".
	Cluster string `yaml:"cluster"`
	// Kubeconfig is the path of a kubeconfig file. Default as kubectl's.
	Kubeconfig string `yaml:"kubeconfig"`
	// Contexts names contexts of the kubeconfig, each a cluster; "*" means all of them. Default the current one.
	Contexts []string `yaml:"contexts"`
	// InCluster takes the service account of the pod that this process runs in.
	InCluster bool `yaml:"inCluster"`
	// ClustersFile is the path of a YAML file with a list of clusters, each with a name and optional kubeconfig (relative to the
	// file), context and inCluster.
	ClustersFile string `yaml:"clustersFile"`
}

// Target is one cluster and how to reach it.
type Target struct {
	Cluster record.Cluster
	REST    *rest.Config
}

// entry of a clusters file.
type entry struct {
	Name       string `yaml:"name"`
	Kubeconfig string `yaml:"kubeconfig"`
	Context    string `yaml:"context"`
	InCluster  bool   `yaml:"inCluster"`
}

// Targets reads the credentials of all clusters that a names. Two clusters of one name are an error: their histories would
// become one.
func Targets(a Access) ([]Target, error) {
	targets, err := a.targets()
	if err != nil {
		return nil, err
	}
	seen := make(map[record.Cluster]bool, len(targets))
	for _, t := range targets {
		if t.Cluster == "" {
			return nil, errors.New("a cluster has no name: give it one with cluster or name")
		}
		if seen[t.Cluster] {
			return nil, fmt.Errorf("two clusters are called %q: give each a name of its own in a clusters file", t.Cluster)
		}
		seen[t.Cluster] = true
	}
	return targets, nil
}

func (a Access) targets() ([]Target, error) {
	named := a.Kubeconfig != "" || len(a.Contexts) > 0
	switch {
	case a.ClustersFile != "":
		if named || a.InCluster || a.Cluster != "" {
			return nil, errors.New("clustersFile names all clusters: leave out kubeconfig, contexts, inCluster and cluster")
		}
		return readClusters(a.ClustersFile)
	case a.InCluster && named:
		return nil, errors.New("inCluster and kubeconfig exclude each other; a clusters file can name both")
	case a.InCluster:
		return one(inCluster(a.Cluster))
	case !named:
		if t, err := inCluster(a.Cluster); !errors.Is(err, rest.ErrNotInCluster) {
			return one(t, err)
		}
	}
	if len(a.Contexts) == 0 {
		return one(fromKubeconfig(a.Cluster, a.Kubeconfig, ""))
	}
	contexts := a.Contexts
	if slices.Contains(contexts, "*") {
		all, err := contextNames(a.Kubeconfig)
		if err != nil {
			return nil, err
		}
		contexts = all
	}
	if len(contexts) > 1 && a.Cluster != "" {
		return nil, errors.New("cluster names one cluster, contexts several: leave out cluster, or use a clusters file")
	}
	var targets []Target
	for _, c := range contexts {
		t, err := fromKubeconfig(a.Cluster, a.Kubeconfig, c)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func one(t Target, err error) ([]Target, error) {
	if err != nil {
		return nil, err
	}
	return []Target{t}, nil
}

func inCluster(name string) (Target, error) {
	c, err := rest.InClusterConfig()
	if err != nil {
		return Target{}, fmt.Errorf("read the pod's service account: %w", err)
	}
	if name == "" {
		name = "in-cluster"
	}
	return Target{Cluster: record.Cluster(name), REST: c}, nil
}

func loading(path string) *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.WarnIfAllMissing = false
	rules.ExplicitPath = path
	return rules
}

func fromKubeconfig(name, path, context string) (Target, error) {
	read := func() clientcmd.ClientConfig {
		return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(loading(path), &clientcmd.ConfigOverrides{CurrentContext: context})
	}
	c := read()
	raw, err := c.RawConfig()
	if err != nil {
		return Target{}, fmt.Errorf("read kubeconfig %s: %w", path, err)
	}
	if context == "" {
		context = raw.CurrentContext
	}
	if name == "" {
		name = context
	}
	conf, err := c.ClientConfig()
	if err != nil {
		return Target{}, fmt.Errorf("read context %q of kubeconfig %s: %w", context, path, err)
	}
	renewToken(conf, func() (*rest.Config, error) { return read().ClientConfig() }, loading(path))
	return Target{Cluster: record.Cluster(name), REST: conf}, nil
}

func contextNames(path string) ([]string, error) {
	raw, err := loading(path).Load()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w", path, err)
	}
	names := make([]string, 0, len(raw.Contexts))
	for n := range raw.Contexts {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, nil
}

func readClusters(path string) ([]Target, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the clusters file: %w", err)
	}
	defer f.Close()
	var entries []entry
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(&entries); err != nil {
		return nil, fmt.Errorf("read the clusters file %s: %w", path, err)
	}
	var targets []Target
	for i, e := range entries {
		t, err := e.target(filepath.Dir(path))
		if err != nil {
			return nil, fmt.Errorf("cluster %d (%s) of %s: %w", i+1, e.Name, path, err)
		}
		targets = append(targets, t)
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("the clusters file %s names no cluster", path)
	}
	return targets, nil
}

func (e entry) target(dir string) (Target, error) {
	if e.Name == "" {
		return Target{}, errors.New("it has no name")
	}
	if e.InCluster {
		if e.Kubeconfig != "" || e.Context != "" {
			return Target{}, errors.New("inCluster and kubeconfig exclude each other")
		}
		return inCluster(e.Name)
	}
	if e.Kubeconfig != "" && !filepath.IsAbs(e.Kubeconfig) {
		e.Kubeconfig = filepath.Join(dir, e.Kubeconfig)
	}
	return fromKubeconfig(e.Name, e.Kubeconfig, e.Context)
}
