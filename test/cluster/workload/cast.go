// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net/http"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// Who acts. People have client certificates, robots have service accounts.
const (
	admin     = "admin"
	alice     = "alice"      // may do what an application's team may
	bob       = "bob"        // her colleague
	mallory   = "mallory"    // may only look
	gitops    = "gitops"     // may do everything
	ci        = "ci"         // what alice may
	operatorA = "operator-a" // controllers of custom resources
	operatorB = "operator-b"
	nobody    = "nobody" // has a token that is none
)

// home is the namespace of the robots.
const home = "robots"

// actor is one identity's clients.
type actor struct {
	kubernetes.Interface
	objects dynamic.Interface
	config  *rest.Config
}

// posing is the actor under another's name, as kubectl --as does it.
func (a *actor) posing(user string) (kubernetes.Interface, error) {
	config := rest.CopyConfig(a.config)
	config.Impersonate.UserName = user
	return kubernetes.NewForConfig(config)
}

type cast struct{ actors map[string]*actor }

// hire makes the identities, through the cluster's own certificate signing and token requests, so that any cluster will do.
func hire(ctx context.Context, cluster *rest.Config, t *truth) (*cast, error) {
	ctx = withScene(ctx, "cast", "cast")
	c := &cast{actors: map[string]*actor{}}
	if err := c.add(admin, rest.CopyConfig(cluster), "kubectl/v1.37.1 (linux/amd64) kubernetes/v1.37.1", t); err != nil {
		return nil, err
	}
	if err := c.grant(ctx); err != nil {
		return nil, err
	}
	for user, agent := range map[string]string{
		alice: "kubectl/v1.37.1 (linux/amd64) kubernetes/v1.37.1", bob: "k9s/v0.50.9", mallory: "curl/8.14.1",
	} {
		config := rest.AnonymousClientConfig(cluster)
		var err error
		if config.CertData, config.KeyData, err = c.certificate(ctx, user); err != nil {
			return nil, fmt.Errorf("certificate of %s: %w", user, err)
		}
		if err := c.add(user, config, agent, t); err != nil {
			return nil, err
		}
	}
	for robot, agent := range map[string]string{
		gitops: "argocd-application-controller/v3.1.0", ci: "ci-runner/2.4",
		operatorA: "operator-a/v0.1 (linux/amd64)", operatorB: "operator-b/v0.7 (linux/amd64)",
	} {
		config := rest.AnonymousClientConfig(cluster)
		token, err := c.actors[admin].CoreV1().ServiceAccounts(home).CreateToken(ctx, robot,
			&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To(int64(24 * 3600))}}, metav1.CreateOptions{})
		if err != nil {
			return nil, fmt.Errorf("token of %s: %w", robot, err)
		}
		config.BearerToken = token.Status.Token
		if err := c.add(robot, config, agent, t); err != nil {
			return nil, err
		}
	}
	stranger := rest.AnonymousClientConfig(cluster)
	stranger.BearerToken = "this-token-was-never-given"
	return c, c.add(nobody, stranger, "curl/8.14.1", t)
}

func (c *cast) add(user string, config *rest.Config, agent string, t *truth) error {
	config.QPS = -1
	config.UserAgent = agent
	config.ContentType, config.AcceptContentTypes = "application/json", "application/json" // the ground truth reads it
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &observer{truth: t, user: user, next: next} })
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	c.actors[user] = &actor{Interface: typed, objects: objects, config: config}
	return nil
}

// grant makes the robots' accounts and everybody's rights. All of it may be there from a run before.
func (c *cast) grant(ctx context.Context) error {
	root := c.actors[admin]
	_, err := root.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: home}}, metav1.CreateOptions{})
	if err := ignore(err, apierrors.IsAlreadyExists); err != nil {
		return err
	}
	for _, robot := range []string{gitops, ci, operatorA, operatorB} {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: robot, Namespace: home}}
		_, err := root.CoreV1().ServiceAccounts(home).Create(ctx, account, metav1.CreateOptions{})
		if err := ignore(err, apierrors.IsAlreadyExists); err != nil {
			return err
		}
	}
	team := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "workload-team"},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{"", "apps", "batch", "autoscaling", "policy", "networking.k8s.io", "discovery.k8s.io", "events.k8s.io"},
				Resources: []string{"*"}, Verbs: []string{"*"}},
		},
	}
	look := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "workload-look"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"", "apps"}, Resources: []string{"pods", "deployments", "configmaps"}, Verbs: []string{"get", "list"}}},
	}
	for _, role := range []*rbacv1.ClusterRole{team, look} {
		_, err := root.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{})
		if err := ignore(err, apierrors.IsAlreadyExists); err != nil {
			return err
		}
	}
	robot := func(name string) rbacv1.Subject {
		return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: name, Namespace: home}
	}
	person := func(name string) rbacv1.Subject {
		return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: name}
	}
	for role, subjects := range map[string][]rbacv1.Subject{
		"workload-team": {person(alice), person(bob), robot(ci)},
		"workload-look": {person(mallory)},
		"cluster-admin": {robot(gitops), robot(operatorA), robot(operatorB)},
	} {
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "workload:" + role}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		}
		_, err := root.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{})
		if err := ignore(err, apierrors.IsAlreadyExists); err != nil {
			return err
		}
	}
	return nil
}

// certificate asks the cluster to sign one, approves that, and waits for it.
func (c *cast) certificate(ctx context.Context, user string) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: user}}, key)
	if err != nil {
		return nil, nil, err
	}
	requests := c.actors[admin].CertificatesV1().CertificateSigningRequests()
	csr, err := requests.Create(ctx, &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: user + "-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}),
			SignerName: certificatesv1.KubeAPIServerClientSignerName,
			Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return nil, nil, err
	}
	csr.Status.Conditions = append(csr.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Workload", Message: "part of the cast",
	})
	if _, err := requests.UpdateApproval(ctx, csr.Name, csr, metav1.UpdateOptions{}); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = until(ctx, "the certificate is signed", func(ctx context.Context) (bool, error) {
		csr, err := requests.Get(ctx, csr.Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		certPEM = csr.Status.Certificate
		return len(certPEM) > 0, nil
	})
	return certPEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}
