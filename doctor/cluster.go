package doctor

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/internal/promtext"
	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// Cluster is what was seen of an apiserver.
type Cluster struct {
	Name    string // the context
	URL     string
	As      string // who was asked for, where not the credentials' own user
	Version string
	Err     error // it could not be reached
	Clock   Clock
	Certs   []Cert
	UID     string // of the namespace kube-system; empty: not told

	Metrics    promtext.Samples
	MetricsErr error // why there are none
	// Denied are the resources that may not be listed or watched; all of them where Everything is false and DeniedErr nil.
	Everything bool
	Denied     []Denied
	// LeasesDenied are the verbs that are not allowed on Leases in the namespace of the election; LeasesErr why they could not be asked for.
	LeasesDenied []string
	LeasesErr    error
	AccessErr    error
	Broken       []string // API groups that could not be discovered
}

// Denied is a resource that may not be read.
type Denied struct {
	Resource record.GroupResource
	Verbs    []string
}

// ClusterConfig says where to look, and for whom.
type ClusterConfig struct {
	Name   string
	Config *rest.Config
	As     string // whose access to ask for, as system:serviceaccount:kubewake:kubewake; empty: that of the credentials
}

// LookAtCluster gathers what there is to see. It reads only; to learn what is allowed, it asks the apiserver for access reviews.
func LookAtCluster(ctx context.Context, c ClusterConfig) *Cluster {
	out := &Cluster{Name: c.Name, URL: c.Config.Host, As: c.As}
	l, err := newLooker(c.Config)
	if err != nil {
		out.Err = err
		return out
	}
	out.URL = l.base
	res, err := l.version(ctx, out)
	if err != nil {
		out.Err = err
		return out
	}
	out.Clock = res.clock
	out.Certs = append(certs("the apiserver "+l.base, res.certs), clientCerts(c.Config)...)
	if body, err := l.json(ctx, "/api/v1/namespaces/kube-system"); err == nil {
		out.UID, _ = rawjson.String(rawjson.Get(body, "metadata", "uid"))
	}
	l.metrics(ctx, out)
	l.access(ctx, c.As, out)
	out.LeasesDenied, out.LeasesErr = l.denied(ctx, c.As, leases(), electionNamespace, "get", "create", "update")
	return out
}

// electionNamespace is where agents hold Leases unless their settings say otherwise (election.namespace).
const electionNamespace = "kubewake"

func leases() record.GroupResource {
	return record.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
}

// looker asks one apiserver.
type looker struct {
	base   string
	client *http.Client
	config *rest.Config
}

func newLooker(config *rest.Config) (*looker, error) {
	config = rest.CopyConfig(config)
	if config.Timeout == 0 {
		config.Timeout = 30 * time.Second
	}
	config.QPS, config.Burst = 50, 200
	config.UserAgent = "kubewake-doctor"
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("read the address of the apiserver: %w", err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	return &looker{base: strings.TrimSuffix(base.String(), "/"), client: client, config: config}, nil
}

const maxDocument = 16 << 20

func (l *looker) json(ctx context.Context, path string) ([]byte, error) {
	body, res, err := get(ctx, l.client, l.base+path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	if res.status != http.StatusOK {
		return nil, statusError(path, res.status)
	}
	return io.ReadAll(io.LimitReader(body, maxDocument))
}

func statusError(path string, status int) error {
	return fmt.Errorf("get %s: the apiserver answers %d %s", path, status, http.StatusText(status))
}

func (l *looker) version(ctx context.Context, out *Cluster) (response, error) {
	body, res, err := get(ctx, l.client, l.base+"/version")
	if err != nil {
		return res, err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, maxBody))
	if err != nil {
		return res, err
	}
	if res.status == http.StatusUnauthorized {
		return res, errors.New("the apiserver does not know the credentials (401): they are wrong or expired")
	}
	out.Version, _ = rawjson.String(rawjson.Get(text, "gitVersion"))
	return res, nil
}

func (l *looker) metrics(ctx context.Context, out *Cluster) {
	body, res, err := get(ctx, l.client, l.base+"/metrics")
	if err != nil {
		out.MetricsErr = err
		return
	}
	defer func() { _ = body.Close() }()
	if res.status != http.StatusOK {
		out.MetricsErr = statusError("/metrics", res.status)
		return
	}
	out.Metrics, out.MetricsErr = promtext.Read(body)
}

// access asks whether everything may be listed and watched, and if not, which resources may not.
func (l *looker) access(ctx context.Context, as string, out *Cluster) {
	everything := record.GroupResource{Group: "*", Resource: "*"}
	missing, err := l.denied(ctx, as, everything, "", "list", "watch")
	if err != nil {
		out.AccessErr = err
		return
	}
	if len(missing) == 0 {
		out.Everything = true
		return
	}
	d, err := discovery.NewDiscoveryClientForConfigAndClient(l.config, l.client)
	if err != nil {
		out.AccessErr = err
		return
	}
	lists, err := d.ServerPreferredResources()
	if group, ok := errors.AsType[*discovery.ErrGroupDiscoveryFailed](err); ok {
		for gv := range group.Groups {
			out.Broken = append(out.Broken, gv.String())
		}
		slices.Sort(out.Broken)
	} else if err != nil {
		out.AccessErr = fmt.Errorf("discover what the cluster serves: %w", err)
		return
	}
	for _, gr := range watchable(lists) {
		missing, err := l.denied(ctx, as, gr, "", "list", "watch")
		if err != nil {
			out.AccessErr = err
			return
		}
		if len(missing) > 0 {
			out.Denied = append(out.Denied, Denied{gr, missing})
		}
	}
	out.Everything = len(out.Denied) == 0
}

// watchable are the resources that can be listed and watched, but for what is not recorded.
func watchable(lists []*metav1.APIResourceList) []record.GroupResource {
	var out []record.GroupResource
	for _, list := range lists {
		group, _ := record.SplitAPIVersion(list.GroupVersion)
		for i := range list.APIResources {
			r := &list.APIResources[i]
			gr := record.GroupResource{Group: group, Resource: r.Name}
			if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "watch") || gr == leases() {
				continue
			}
			out = append(out, gr)
		}
	}
	slices.SortFunc(out, func(a, b record.GroupResource) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(out)
}

// denied gives those of some verbs that are not allowed on a resource in a namespace (empty: in all).
func (l *looker) denied(ctx context.Context, as string, gr record.GroupResource, namespace string, verbs ...string) ([]string, error) {
	var missing []string
	for _, verb := range verbs {
		attributes := &authorizationv1.ResourceAttributes{Verb: verb, Group: gr.Group, Resource: gr.Resource, Namespace: namespace}
		path, review := "selfsubjectaccessreviews", any(&authorizationv1.SelfSubjectAccessReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"},
			Spec:     authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes}})
		if as != "" {
			path, review = "subjectaccessreviews", &authorizationv1.SubjectAccessReview{
				TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SubjectAccessReview"},
				Spec:     authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: attributes, User: as, Groups: groupsOf(as)}}
		}
		allowed, err := l.review(ctx, path, review)
		if err != nil {
			return nil, err
		}
		if !allowed {
			missing = append(missing, verb)
		}
	}
	return missing, nil
}

// groupsOf gives the groups that the apiserver gives a service account.
func groupsOf(user string) []string {
	parts := strings.Split(user, ":")
	if len(parts) == 4 && strings.HasPrefix(user, "system:serviceaccount:") {
		return []string{"system:serviceaccounts", "system:serviceaccounts:" + parts[2], "system:authenticated"}
	}
	return []string{"system:authenticated"}
}

func (l *looker) review(ctx context.Context, path string, review any) (bool, error) {
	text, err := json.Marshal(review)
	if err != nil {
		return false, err
	}
	url := l.base + "/apis/authorization.k8s.io/v1/" + path
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(string(text)))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := l.client.Do(req)
	if err != nil {
		return false, fmt.Errorf("ask what is allowed: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocument))
	if err != nil {
		return false, fmt.Errorf("ask what is allowed: %w", err)
	}
	if res.StatusCode != http.StatusCreated {
		return false, fmt.Errorf("ask what is allowed: the apiserver answers %d to a %s", res.StatusCode, path)
	}
	return string(rawjson.Get(body, "status", "allowed")) == "true", nil
}

// clientCerts reads when the certificate of a kubeconfig expires.
func clientCerts(c *rest.Config) []Cert {
	data := c.CertData
	if len(data) == 0 && c.CertFile != "" {
		data, _ = os.ReadFile(c.CertFile) // that it can be read was shown by its use
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return []Cert{{Of: "the credentials for the apiserver", NotAfter: cert.NotAfter}}
}
