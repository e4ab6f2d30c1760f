// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// poll is the pause between two looks at something that should become true.
const poll = 50 * time.Millisecond

// until asks until it is true, the context ends or a component is found dead.
func (c *Cluster) until(ctx context.Context, what string, ask func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := ask(attempt)
		cancel()
		if err == nil {
			return nil
		}
		if failed := c.Failed(); failed != nil {
			return failed
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w; the last answer: %w", what, context.Cause(ctx), err)
		case <-time.After(poll):
		}
	}
}

func (c *Cluster) waitServing(ctx context.Context) error {
	for n := range c.config.APIServers {
		if err := c.waitAPIServer(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) waitAPIServer(ctx context.Context, n int) error {
	client, err := c.client(n)
	if err != nil {
		return err
	}
	return c.until(ctx, apiServerName(n)+" is ready", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

func (c *Cluster) waitEtcd(ctx context.Context) error {
	return c.until(ctx, "etcd is healthy", func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.etcdURL()+"/health", http.NoBody)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New(response.Status)
		}
		return nil
	})
}

func (c *Cluster) waitComponent(ctx context.Context, p *process) error {
	if p.name == Etcd {
		return c.waitEtcd(ctx)
	}
	for n := range c.config.APIServers {
		if p.name == apiServerName(n) {
			return c.waitAPIServer(ctx, n)
		}
	}
	return nil
}

// waitReady makes the nodes that are missing and returns when pods could run on them.
func (c *Cluster) waitReady(ctx context.Context) error {
	client, err := c.client(0)
	if err != nil {
		return err
	}
	for n := range max(0, c.config.Nodes) {
		err := c.until(ctx, "a node is created", func(ctx context.Context) error {
			_, err := client.CoreV1().Nodes().Create(ctx, fakeNode(n), metav1.CreateOptions{})
			if apierrors.IsAlreadyExists(err) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if c.config.Nodes > 0 {
		err := c.until(ctx, "the nodes are Ready", func(ctx context.Context) error { return nodesReady(ctx, client) })
		if err != nil {
			return err
		}
	}
	if c.config.ControllerManagerOff {
		return nil
	}
	return c.until(ctx, "the default service account exists", func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

func nodesReady(ctx context.Context, client kubernetes.Interface) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var waiting []string
	for _, node := range nodes.Items {
		if !isReady(&node) {
			waiting = append(waiting, node.Name)
		}
	}
	if len(waiting) > 0 {
		return fmt.Errorf("not Ready: %s", strings.Join(waiting, " "))
	}
	return nil
}

func isReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func fakeNode(n int) *corev1.Node {
	name := fmt.Sprintf("node-%d", n)
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("32"), corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods: resource.MustParse("500"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{nodeAnnotation: "fake"},
			Labels: map[string]string{
				corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
				corev1.LabelTopologyZone: fmt.Sprintf("zone-%c", 'a'+n%3), "type": "kwok",
			},
		},
		Status: corev1.NodeStatus{Allocatable: room, Capacity: room},
	}
}

// client is the administrator's. It does not limit itself: the apiserver has its own limits.
func (c *Cluster) client(n int) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags(c.apiServerURL(n), c.files.kubeconfig("admin"))
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.UserAgent = "testcluster"
	return kubernetes.NewForConfig(rest.AddUserAgent(config, "launcher"))
}

func (c *Cluster) serviceAccountUID(ctx context.Context, namespace, name string) (string, error) {
	client, err := c.client(0)
	if err != nil {
		return "", err
	}
	account, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("look up the service account: %w", err)
	}
	return string(account.UID), nil
}
