package webhook

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/record"
)

// CertificateField is the part of a client certificate's subject that names a cluster.
type CertificateField string

// The fields: CN, and O of which there may be several.
const (
	CertificateCN CertificateField = "cn"
	CertificateO  CertificateField = "o"
)

// CertificateRule says that a certificate speaks for the cluster named in a field behind a prefix: with CertificateO and
// "kubewake:audit:", one with O=kubewake:audit:prod-eu-1 speaks for prod-eu-1. It is for tokens.Callers.Certificate.
func CertificateRule(field CertificateField, prefix string) (func(*x509.Certificate) (tokens.Access, bool), error) {
	if field != CertificateCN && field != CertificateO {
		return nil, errors.New(`the certificate's field must be "cn" or "o"`)
	}
	return func(c *x509.Certificate) (tokens.Access, bool) {
		names := []string{c.Subject.CommonName}
		if field == CertificateO {
			names = c.Subject.Organization
		}
		var clusters []string
		for _, name := range names {
			cluster, ok := strings.CutPrefix(name, prefix)
			if ok && checkCluster(cluster) == nil && !strings.Contains(cluster, "*") {
				clusters = append(clusters, cluster)
			}
		}
		return tokens.NewAccess("certificate "+c.Subject.CommonName, clusters...), len(clusters) > 0
	}, nil
}

// clusterOf tells which cluster a request speaks for, having checked that it may.
func (w *Webhook) clusterOf(r *http.Request) (record.Cluster, *answer) {
	named, ok := pathCluster(r.URL.Path)
	if !ok {
		return "", refuse(http.StatusNotFound, outcomeBad, "not found; post batches to /audit/CLUSTER, or to /audit where the certificate, the token or the address names the cluster")
	}
	access, err := w.identify(r)
	if err != nil {
		return "", refuse(http.StatusUnauthorized, outcomeUnauthorized, "not authenticated: "+err.Error())
	}
	cluster := named
	if cluster == "" {
		if only, ok := access.Only(); ok {
			cluster = only
		} else if mapped, ok := w.addresses.cluster(remote(r)); ok {
			cluster = string(mapped)
		} else {
			return "", refuse(http.StatusBadRequest, outcomeBad, "which cluster? Post to /audit/CLUSTER, or have the address mapped to one")
		}
	}
	if !access.Allows(cluster) {
		return "", refuse(http.StatusForbidden, outcomeForbidden, access.Who+" may not speak for this cluster")
	}
	if err := checkCluster(cluster); err != nil {
		return "", refuse(http.StatusBadRequest, outcomeBad, err.Error())
	}
	return record.Cluster(cluster), nil
}

// identify is Callers.Identify, and the door for this machine where it was opened. Credentials that are shown must be good
// even then.
func (w *Webhook) identify(r *http.Request) (tokens.Access, error) {
	access, err := w.callers.Identify(r)
	if errors.Is(err, tokens.ErrNobody) && w.anonymous && remote(r).Unmap().IsLoopback() {
		// A web page in a browser on this machine can not send this type without asking first.
		if mediaType(r) != jsonType {
			return access, errors.New("callers on this machine need no token, but must say Content-Type: application/json")
		}
		// Nor can it name this machine as it is named here: it comes by a name of its own that was made to lead here.
		if host, _, err := net.SplitHostPort(r.Host); !isLoopback(r.Host) && (err != nil || !isLoopback(host)) {
			return access, errors.New("callers on this machine need no token, but must call it localhost, or by a loopback address")
		}
		return tokens.NewAccess("this machine", "*"), nil
	}
	return access, err
}

// remote is the address of the connection's other end; headers of proxies are not believed.
func remote(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr()
}

// pathCluster reads /audit and /audit/CLUSTER from a path that is unescaped. The name may hold slashes, as the ARNs of EKS do: the apiserver's client
// sends them as they are, also where its kubeconfig has %2F.
func pathCluster(path string) (cluster string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/audit")
	if !ok || rest == "" || rest == "/" {
		return "", ok
	}
	name, ok := strings.CutPrefix(rest, "/")
	return strings.TrimSuffix(name, "/"), ok
}
