package link

import (
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// mountRules: what a Pod needs of its namespace to start: ConfigMaps, Secrets and claims, as volumes, as environment, for pulling images.
func mountRules() []*rule {
	pods := []record.GroupResource{gr("", "pods")}
	return []*rule{
		{name: "pod-volumes", typ: Mounts, on: pods, marks: []string{`"volumes"`}, read: readVolumes},
		{name: "pod-env", typ: Mounts, on: pods, marks: []string{`KeyRef"`, `"envFrom"`}, read: readEnv},
		{name: "pod-pullsecrets", typ: Mounts, on: pods, marks: []string{`"imagePullSecrets"`}, read: func(r *reader) {
			for i, s := range r.obj.Get("spec", "imagePullSecrets").Items() {
				r.below(core("Secret", r.ref.Namespace, s.Get("name").Str()), at("spec.imagePullSecrets", i, ""))
			}
		}},
	}
}

func readVolumes(r *reader) {
	for i, v := range r.obj.Get("spec", "volumes").Items() {
		field := at("spec.volumes", i, "")
		for _, m := range v.Members() {
			r.readVolume(v, m.Name, m.Value, field+"."+m.Name)
		}
	}
}

func (r *reader) readVolume(volume *object.Value, source string, v *object.Value, field string) {
	ns := r.ref.Namespace
	switch source {
	case "configMap":
		r.below(core("ConfigMap", ns, v.Get("name").Str()), field)
	case "secret":
		r.below(core("Secret", ns, v.Get("secretName").Str()), field)
	case "persistentVolumeClaim":
		r.below(core("PersistentVolumeClaim", ns, v.Get("claimName").Str()), field)
	case "ephemeral":
		if name := volume.Get("name").Str(); name != "" && v.Kind() == object.Object && r.ref.Name != "" {
			r.below(core("PersistentVolumeClaim", ns, r.ref.Name+"-"+name), field)
		}
	case "projected":
		for j, s := range v.Get("sources").Items() {
			r.below(core("ConfigMap", ns, s.Get("configMap", "name").Str()), at(field+".sources", j, "configMap"))
			r.below(core("Secret", ns, s.Get("secret", "name").Str()), at(field+".sources", j, "secret"))
		}
	case "csi":
		r.below(core("Secret", ns, v.Get("nodePublishSecretRef", "name").Str()), field+".nodePublishSecretRef")
	case "azureFile":
		r.below(core("Secret", ns, v.Get("secretName").Str()), field)
	case "cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos":
		r.below(core("Secret", ns, v.Get("secretRef", "name").Str()), field+".secretRef")
	}
}

func readEnv(r *reader) {
	for _, list := range [...]string{"containers", "initContainers", "ephemeralContainers"} {
		for i, c := range r.obj.Get("spec", list).Items() {
			r.readContainerEnv(c, at("spec."+list, i, ""))
		}
	}
}

func (r *reader) readContainerEnv(c *object.Value, field string) {
	ns := r.ref.Namespace
	for i, e := range c.Get("env").Items() {
		from := e.Get("valueFrom")
		r.below(core("ConfigMap", ns, from.Get("configMapKeyRef", "name").Str()), at(field+".env", i, "valueFrom.configMapKeyRef"))
		r.below(core("Secret", ns, from.Get("secretKeyRef", "name").Str()), at(field+".env", i, "valueFrom.secretKeyRef"))
	}
	for i, e := range c.Get("envFrom").Items() {
		r.below(core("ConfigMap", ns, e.Get("configMapRef", "name").Str()), at(field+".envFrom", i, "configMapRef"))
		r.below(core("Secret", ns, e.Get("secretRef", "name").Str()), at(field+".envFrom", i, "secretRef"))
	}
}
