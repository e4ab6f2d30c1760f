package link

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	admission "k8s.io/api/admissionregistration/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	coordination "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	networking "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
)

// typed gives the API's own Go type of a kind.
func typed(apiVersion, kind string) any {
	switch apiVersion + " " + kind {
	case "v1 Pod":
		return new(corev1.Pod)
	case "v1 Service":
		return new(corev1.Service)
	case "v1 Endpoints":
		return new(corev1.Endpoints) //nolint:staticcheck // clusters still have them
	case "v1 PersistentVolumeClaim":
		return new(corev1.PersistentVolumeClaim)
	case "v1 PersistentVolume":
		return new(corev1.PersistentVolume)
	case "v1 ConfigMap":
		return new(corev1.ConfigMap)
	case "apps/v1 Deployment":
		return new(apps.Deployment)
	case "apps/v1 ReplicaSet":
		return new(apps.ReplicaSet)
	case "policy/v1 PodDisruptionBudget":
		return new(policyv1.PodDisruptionBudget)
	case "networking.k8s.io/v1 NetworkPolicy":
		return new(networking.NetworkPolicy)
	case "networking.k8s.io/v1 Ingress":
		return new(networking.Ingress)
	case "discovery.k8s.io/v1 EndpointSlice":
		return new(discovery.EndpointSlice)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return new(autoscaling.HorizontalPodAutoscaler)
	case "coordination.k8s.io/v1 Lease":
		return new(coordination.Lease)
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		return new(rbac.RoleBinding)
	case "rbac.authorization.k8s.io/v1 ClusterRoleBinding":
		return new(rbac.ClusterRoleBinding)
	case "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration":
		return new(admission.ValidatingWebhookConfiguration)
	case "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration":
		return new(admission.MutatingWebhookConfiguration)
	}
	return nil
}

// TestTablesAreReal: the manifests of the tables, false friends aside, have the fields that the API has, so that no rule reads a field that there is not.
func TestTablesAreReal(t *testing.T) {
	held := map[string]int{}
	for _, tc := range allCases() {
		if strings.Contains(tc.name, "friends") || strings.HasPrefix(tc.name, "invalid") || len(tc.want) == 0 {
			continue
		}
		ref, _ := parse(t, tc.manifest)
		into := typed(ref.APIVersion(), ref.Kind)
		if into == nil {
			continue
		}
		held[ref.Kind]++
		d := json.NewDecoder(bytes.NewReader([]byte(tc.manifest)))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%s: %s: %v", ref.Kind, tc.name, err)
		}
	}
	if len(held) < 16 {
		t.Errorf("only %v were held against the API", held)
	}
}
