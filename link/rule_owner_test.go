package link

import "testing"

func TestOwners(t *testing.T) { testClaims(t, ownersCases()) }

func ownersCases() []claimCase {
	return []claimCase{
		{"controller", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop","uid":"u1","ownerReferences":[
			{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"u2","controller":true,"blockOwnerDeletion":true}]}}`,
			[]string{"↑owns replicasets.apps shop/web-1 uid=u2 controller"}},
		{"several, one of the cluster, one of a version that is not preferred", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","uid":"u1","ownerReferences":[
			{"apiVersion":"v1","kind":"Node","name":"n1","uid":"u3"},
			{"apiVersion":"extensions/v1beta1","kind":"Deployment","name":"web","uid":"u2","controller":false},
			{"apiVersion":"example.com/v1alpha1","kind":"Fox","name":"red","uid":"u4"}]}}`,
			[]string{"↑owns nodes n1 uid=u3", "↑owns foxes.example.com shop/red uid=u4", "↑owns deployments.extensions shop/web uid=u2"}},
		{"none", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","uid":"u1","ownerReferences":[]}}`, nil},
		{"friends: no UID, itself, elsewhere in the manifest", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","uid":"u1",
			"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"x"},{"apiVersion":"v1","kind":"ConfigMap","name":"c","uid":"u1"}]},
			"template":{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"u9"}]}}}`, nil},
	}
}
