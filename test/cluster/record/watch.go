// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// watches are the streams that are being recorded.
type watches struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	errs []error
}

// watchAll lists every resource and then watches it. What appears later, such as custom resources, is not among them;
// Leases are left out, because they say every ten seconds that somebody is alive.
func watchAll(ctx context.Context, access *rest.Config, dir string) (*watches, error) {
	client, err := rawClient(access)
	if err != nil {
		return nil, err
	}
	resources, err := watchable(access)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watches{cancel: cancel}
	for _, r := range resources {
		if err := w.watch(ctx, client, r, dir); err != nil {
			return nil, errors.Join(err, w.stop())
		}
	}
	return w, nil
}

func (w *watches) watch(ctx context.Context, client *rest.RESTClient, r schema.GroupVersionResource, dir string) error {
	path := "/apis/" + r.Group + "/" + r.Version + "/" + r.Resource
	if r.Group == "" {
		path = "/api/" + r.Version + "/" + r.Resource
	}
	list, err := client.Get().AbsPath(path).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("list %s: %w", path, err)
	}
	var head struct{ Metadata metav1.ListMeta }
	if err := json.Unmarshal(list, &head); err != nil {
		return fmt.Errorf("list %s: %w", path, err)
	}
	name := fileName(r)
	if err := write(filepath.Join(dir, "list-"+name+".json"), list); err != nil {
		return err
	}
	stream, err := client.Get().AbsPath(path).Param("watch", "1").Param("resourceVersion", head.Metadata.ResourceVersion).Stream(ctx)
	if err != nil {
		return fmt.Errorf("watch %s: %w", path, err)
	}
	w.done.Go(func() {
		err := keepStream(stream, filepath.Join(dir, "watch-"+name+".jsonl"))
		if ctx.Err() == nil { // nobody wanted the end of the stream
			err = errors.Join(err, errors.New("the stream has ended"))
		}
		if err != nil {
			w.mu.Lock()
			w.errs = append(w.errs, fmt.Errorf("watch %s: %w", path, err))
			w.mu.Unlock()
		}
	})
	return nil
}

// keepStream copies whole lines; a stream without one leaves no file.
func keepStream(stream io.ReadCloser, path string) (err error) {
	defer stream.Close()
	var out *compressed
	defer func() {
		if out != nil {
			err = errors.Join(err, out.Close())
		}
	}()
	for lines := bufio.NewReader(stream); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // how a stream ends says nothing; whether it should have, the caller knows
		}
		if out == nil {
			if out, err = create(path); err != nil {
				return err
			}
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
}

func (w *watches) stop() error {
	w.cancel()
	w.done.Wait()
	return errors.Join(w.errs...)
}

func watchable(access *rest.Config) ([]schema.GroupVersionResource, error) {
	client, err := discovery.NewDiscoveryClientForConfig(access)
	if err != nil {
		return nil, err
	}
	groups, err := client.ServerPreferredResources()
	if err != nil {
		return nil, fmt.Errorf("discover the resources: %w", err)
	}
	var resources []schema.GroupVersionResource
	for _, group := range groups {
		version, err := schema.ParseGroupVersion(group.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range group.APIResources {
			if slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "watch") && r.Name != "leases" {
				resources = append(resources, version.WithResource(r.Name))
			}
		}
	}
	return resources, nil
}

func fileName(r schema.GroupVersionResource) string {
	return strings.TrimPrefix(r.Group+"_"+r.Version+"_"+r.Resource, "_")
}

// rawClient is for bytes as the apiserver sends them.
func rawClient(access *rest.Config) (*rest.RESTClient, error) {
	config := rest.CopyConfig(access)
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	config.ContentType, config.AcceptContentTypes = "application/json", "application/json"
	config.GroupVersion = &schema.GroupVersion{Version: "v1"}
	return rest.RESTClientFor(config)
}
