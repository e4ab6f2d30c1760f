package link

import "github.com/kubewake/kubewake/record"

// storageRules: PersistentVolumeClaim -> PersistentVolume -> StorageClass. The volume names its claim by UID, so a claim made again under the same
// name is not taken for it.
func storageRules() []*rule {
	claims, volumes := gr("", "persistentvolumeclaims"), gr("", "persistentvolumes")
	return []*rule{
		{name: "pvc-volume", typ: Binds, on: []record.GroupResource{claims}, marks: []string{`"volumeName"`}, read: func(r *reader) {
			r.below(core("PersistentVolume", "", r.obj.Get("spec", "volumeName").Str()), "spec.volumeName")
		}},
		{name: "volume-claim", typ: Binds, on: []record.GroupResource{volumes}, marks: []string{`"claimRef"`}, read: func(r *reader) {
			ref := r.obj.Get("spec", "claimRef")
			t := core("PersistentVolumeClaim", ref.Get("namespace").Str(), ref.Get("name").Str())
			t.UID = record.UID(ref.Get("uid").Str())
			r.above(t, "spec.claimRef")
		}},
		{name: "storageclass", typ: Provides, on: []record.GroupResource{claims, volumes}, marks: []string{`"storageClassName"`}, read: func(r *reader) {
			r.above(named("storage.k8s.io", "StorageClass", "", r.obj.Get("spec", "storageClassName").Str()), "spec.storageClassName")
		}},
	}
}
