package link

import "testing"

func TestExposes(t *testing.T) { testClaims(t, exposesCases()) }

func exposesCases() []claimCase {
	return []claimCase{
		{"EndpointSlice", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"s-x","namespace":"shop","labels":{"kubernetes.io/service-name":"s"}},
			"endpoints":[{"addresses":["10.0.0.1"],"nodeName":"n1","targetRef":{"kind":"Pod","namespace":"shop","name":"p1","uid":"u1"}},{"addresses":["10.0.0.2"],"targetRef":{"kind":"Pod","name":"p2"}},
			{"addresses":["10.0.0.3"]},{"targetRef":{"kind":"Node","name":"n1","uid":"u3"}}]}`,
			[]string{"↑exposes services shop/s", "↓exposes nodes n1 uid=u3", "↓exposes pods shop/p1 uid=u1", "↓exposes pods shop/p2"}},
		{"friends: a slice of no Service", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"s","namespace":"shop","annotations":{"kubernetes.io/service-name":"s"}},"endpoints":null}`, nil},
		{"Endpoints", `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"s","namespace":"shop"},"subsets":[
			{"addresses":[{"ip":"10.0.0.1","targetRef":{"kind":"Pod","namespace":"shop","name":"p1","uid":"u1"}}],"notReadyAddresses":[{"targetRef":{"kind":"Pod","namespace":"shop","name":"p2","uid":"u2"}}]}]}`,
			[]string{"↑exposes services shop/s", "↓exposes pods shop/p1 uid=u1", "↓exposes pods shop/p2 uid=u2"}},
		{"friends: a leader's Endpoints", `{"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"kube-scheduler","namespace":"kube-system",
			"annotations":{"control-plane.alpha.kubernetes.io/leader":"{\"holderIdentity\":\"x\"}"}}}`, nil},
	}
}

func TestScales(t *testing.T) { testClaims(t, scalesCases()) }

func scalesCases() []claimCase {
	return []claimCase{
		{"HPA", `{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"h","namespace":"shop"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db"},
			"metrics":[{"object":{"describedObject":{"kind":"Service","name":"s"}}}]}}`, []string{"↓scales statefulsets.apps shop/db"}},
		{"a custom resource", `{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"h","namespace":"shop"},"spec":{"scaleTargetRef":{"apiVersion":"x.y/v1","kind":"Fox","name":"red"}}}`,
			[]string{"↓scales foxes.x.y shop/red"}},
		{"friends: no name", `{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"h","namespace":"shop"},"spec":{"scaleTargetRef":{"kind":"StatefulSet"}}}`, nil},
		{"friends: another API's kind", `{"apiVersion":"x.y/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"h","namespace":"shop"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db"}}}`,
			[]string{"↑defines customresourcedefinitions.apiextensions.k8s.io horizontalpodautoscalers.x.y inferred"}},
	}
}

func TestStorage(t *testing.T) { testClaims(t, storageCases()) }

func storageCases() []claimCase {
	return []claimCase{
		{"claim", `{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"},"spec":{"volumeName":"pv1","storageClassName":"fast"}}`,
			[]string{"↓binds persistentvolumes pv1", "↑provides storageclasses.storage.k8s.io fast"}},
		{"volume", `{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv1"},"spec":{"storageClassName":"fast","claimRef":{"apiVersion":"v1","kind":"PersistentVolumeClaim","namespace":"shop","name":"data","uid":"u5"}}}`,
			[]string{"↑provides storageclasses.storage.k8s.io fast", "↑binds persistentvolumeclaims shop/data uid=u5"}},
		{"friends: pending, without a class", `{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"},"spec":{"storageClassName":"","volumeMode":"Filesystem"},"status":{"phase":"Pending"}}`, nil},
		{"friends: a volume that is free", `{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv1"},"spec":{"claimRef":null}}`, nil},
	}
}
