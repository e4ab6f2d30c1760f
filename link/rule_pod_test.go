package link

import "testing"

func TestPod(t *testing.T) { testClaims(t, podCases()) }

func podCases() []claimCase {
	return []claimCase{
		{"scheduled", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop","uid":"u1"},
			"spec":{"nodeName":"n1","serviceAccountName":"bot","serviceAccount":"bot","priorityClassName":"urgent"}}`,
			[]string{"↓runs-on nodes n1", "↑prioritizes priorityclasses.scheduling.k8s.io urgent", "↓runs-as serviceaccounts shop/bot"}},
		{"the old name of the account", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{"serviceAccount":"bot"}}`, []string{"↓runs-as serviceaccounts shop/bot"}},
		{"friends: not scheduled yet", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},
			"spec":{"nodeName":"","nodeSelector":{"nodeName":"n1"},"priority":5},"status":{"nominatedNodeName":"n1","hostIP":"10.0.0.1"}}`, nil},
		{"friends: a template", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"shop"},
			"spec":{"nodeName":"n1","template":{"spec":{"nodeName":"n1","serviceAccountName":"bot","priorityClassName":"urgent","volumes":[{"configMap":{"name":"c"}}]}}}}`, nil},
		{"friends: metrics of a Pod", `{"apiVersion":"metrics.k8s.io/v1beta1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{"nodeName":"n1"}}`, nil},
	}
}

func TestMounts(t *testing.T) { testClaims(t, mountsCases()) }

func mountsCases() []claimCase {
	return []claimCase{
		{"volumes", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop","uid":"u1"},"spec":{"volumes":[
			{"name":"a","configMap":{"name":"settings"}},{"name":"a2","configMap":{"name":"settings","items":[{"key":"k","path":"p"}]}},
			{"name":"b","secret":{"secretName":"tls","optional":true}},
			{"name":"c","persistentVolumeClaim":{"claimName":"data"}},
			{"name":"scratch","ephemeral":{"volumeClaimTemplate":{"spec":{}}}},
			{"name":"kube-api-access","projected":{"sources":[{"serviceAccountToken":{"path":"token"}},{"configMap":{"name":"kube-root-ca.crt"}},{"secret":{"name":"more"}},{"downwardAPI":{}}]}},
			{"name":"d","csi":{"driver":"x","nodePublishSecretRef":{"name":"csi"}}},{"name":"e","azureFile":{"secretName":"azure","shareName":"s"}},
			{"name":"f","iscsi":{"secretRef":{"name":"chap"}}},{"name":"g","emptyDir":{}},{"name":"h","hostPath":{"path":"/"}}]}}`,
			[]string{
				"↓mounts configmaps shop/kube-root-ca.crt", "↓mounts configmaps shop/settings", "↓mounts persistentvolumeclaims shop/data", "↓mounts persistentvolumeclaims shop/p-scratch",
				"↓mounts secrets shop/azure", "↓mounts secrets shop/chap", "↓mounts secrets shop/csi", "↓mounts secrets shop/more", "↓mounts secrets shop/tls",
			}},
		{"environment", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{
			"containers":[{"env":[{"name":"A","value":"x"},{"name":"B","valueFrom":{"configMapKeyRef":{"name":"settings","key":"b"}}},{"name":"C","valueFrom":{"secretKeyRef":{"name":"db","key":"c"}}},
				{"name":"D","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}],
			"initContainers":[{"envFrom":[{"configMapRef":{"name":"defaults"}},{"prefix":"X_","secretRef":{"name":"keys"}}]}],
			"ephemeralContainers":[{"envFrom":[{"secretRef":{"name":"debug"}}]}],
			"imagePullSecrets":[{"name":"registry"},{"name":""},{}]}}`,
			[]string{"↓mounts configmaps shop/defaults", "↓mounts configmaps shop/settings", "↓mounts secrets shop/db", "↓mounts secrets shop/debug", "↓mounts secrets shop/keys", "↓mounts secrets shop/registry"}},
		{"friends: names without their place, a volume called as a source", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop","annotations":{"volumes":"configMap"}},
			"spec":{"volumes":[{"name":"configMap","emptyDir":{}},{"name":"secret"},{"name":"x","configMap":"settings"},{"name":"y","ephemeral":null},"secret"],
			"containers":[{"envFrom":[{"configMapRef":"settings"}],"env":{"configMapKeyRef":{"name":"c"}},"volumeMounts":[{"name":"secret"}]}],"imagePullSecrets":"registry"}}`, nil},
	}
}
