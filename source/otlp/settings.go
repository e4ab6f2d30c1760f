package otlp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// Settings say what is kept.
type Settings struct {
	Cluster  string   `yaml:"cluster" doc:"The cluster of what tells none by the resource attribute k8s.cluster.name, as kube-apiserver does not, where the token or certificate does not name one cluster either."`
	Keep     string   `yaml:"keep" doc:"What is kept: named (default): what names a Kubernetes object or a request, and the services below; all: everything."`
	Services []string `yaml:"services" doc:"Services whose spans and log lines are kept though they name nothing. Default apiserver, kubelet."`
	AuditIDs []string `yaml:"auditIDs" doc:"Attributes that hold the audit ID of an apiserver's request. Default audit-id, k8s.audit.id."`
	Objects  []Object `yaml:"objects" doc:"Further attributes that name Kubernetes objects, before the built-in ones (k8s.pod.name, k8s.deployment.name, ..., k8s.object.name with k8s.object.kind)."`
	MaxBytes int      `yaml:"maxBytes" doc:"Of one request, unpacked. Default 8 MiB over HTTP, 4 MiB over gRPC."`
	Requests int      `yaml:"requests" doc:"Requests under way at once. Default 16."`
	// InFlightBytes bounds all requests together; a request of MaxBytes alone may take 18 times its size.
	InFlightBytes int `yaml:"inFlightBytes" doc:"Memory of all requests under way, over gRPC and HTTP, in bytes: their bodies and what these become once they are read, for one request up to 18 times maxBytes. Default 256 MiB, or enough for two of maxBytes."`
	Attributes    int `yaml:"attributes" doc:"Attributes kept of one span or log line. Default 64."`
}

// Object is a rule: which attributes name an object.
type Object struct {
	Resource  string `yaml:"resource" doc:"Which kind of object, as deployments.apps."`
	Kind      string `yaml:"kind" doc:"Its kind, as Deployment."`
	Name      string `yaml:"name" doc:"Attribute that holds the name."`
	Namespace string `yaml:"namespace" doc:"Attribute that holds the namespace. Empty: k8s.namespace.name; - for objects outside of namespaces."`
	UID       string `yaml:"uid" doc:"Attribute that holds the UID, if any."`
}

const (
	keepNamed = "named"
	keepAll   = "all"
)

// Check says what is wrong.
func (s Settings) Check() error {
	var errs []error
	if s.Keep != "" && s.Keep != keepNamed && s.Keep != keepAll {
		errs = append(errs, fmt.Errorf("otlp.keep: %q: want named or all", s.Keep))
	}
	if s.Cluster != "" {
		if err := ingest.CheckCluster(record.Cluster(s.Cluster)); err != nil {
			errs = append(errs, fmt.Errorf("otlp.cluster: %w", err))
		}
	}
	for i, o := range s.Objects {
		if o.Resource == "" || o.Name == "" || o.Kind == "" {
			errs = append(errs, fmt.Errorf("otlp.objects[%d]: resource, kind and name are needed", i))
		}
	}
	if s.MaxBytes < 0 || s.Requests < 0 || s.Attributes < 0 {
		errs = append(errs, errors.New("otlp: maxBytes, requests and attributes are no less than zero"))
	}
	if need := most(s.httpLimit()); s.MaxBytes >= 0 && s.InFlightBytes != 0 && int64(s.InFlightBytes) < need {
		errs = append(errs, fmt.Errorf("otlp.inFlightBytes: %d is less than one request may take, %d; lower otlp.maxBytes, or raise it", s.InFlightBytes, need))
	}
	return errors.Join(errs...)
}

func (s Settings) withDefaults() Settings {
	if s.Services == nil {
		s.Services = []string{"apiserver", "kubelet"}
	}
	if s.AuditIDs == nil {
		s.AuditIDs = []string{"audit-id", "k8s.audit.id"}
	}
	if s.Requests == 0 {
		s.Requests = 16
	}
	if s.Attributes == 0 {
		s.Attributes = 64
	}
	if s.InFlightBytes == 0 {
		s.InFlightBytes = max(defaultMemory, bodyTwice*int(most(s.MaxBytes)))
	}
	return s
}

// httpLimit and grpcLimit are how many bytes one request may have.
func (s Settings) httpLimit() int { return cmp.Or(s.MaxBytes, maxHTTPBytes) }
func (s Settings) grpcLimit() int { return cmp.Or(s.MaxBytes, maxGRPCBytes) }

func (s Settings) keeps(service string) bool {
	return s.Keep == keepAll || slices.Contains(s.Services, service)
}

func (s Settings) rules() rules {
	out := rules{auditIDs: s.AuditIDs, attributes: s.Attributes}
	for _, o := range s.Objects {
		rule := objectRule{resource: record.ParseGroupResource(o.Resource), kind: o.Kind, name: o.Name, namespace: o.Namespace, uid: o.UID}
		switch o.Namespace {
		case "":
			rule.namespace = namespaceAttribute
		case "-":
			rule.namespace = ""
		}
		out.objects = append(out.objects, rule)
	}
	out.objects = append(out.objects, builtinObjects()...)
	return out
}
