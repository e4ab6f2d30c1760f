package timeline

import (
	"strings"

	"github.com/kubewake/kubewake/object"
)

// state tells the rows of one state; what it says no more of ends.
func (r *rows) state(s *State, b Bar) {
	r.seq++
	if s.Assumed {
		b.Soft = SoftAssumed
	}
	v := s.Value
	if word := v.Get("status", "phase").Str(); word != "" && r.kind != "Node" { // whose phase nobody uses
		r.bar("phase", "phase", b, phased(word))
	}
	r.conditions(v, b)
	if r.group == "" && r.kind == "Pod" {
		r.containers(v, b)
	}
	r.replicas(v, b)
	r.rollout(v, b)
	for _, w := range r.list {
		if w.seq != r.seq && len(w.steps) == 0 {
			w.track.add(Bar{From: b.From})
		}
	}
}

func (r *rows) conditions(v *object.Value, b Bar) {
	for _, item := range v.Get("status", "conditions").Items() {
		c := conditionAt(v, item)
		if c.kind == "" || c.status == "" {
			continue
		}
		r.bar("conditions", c.kind, b, Status{c.class(r.group, r.kind), c.text()})
	}
}

func (r *rows) containers(v *object.Value, b Bar) {
	always := map[string]bool{}
	for _, s := range v.Get("spec", "initContainers").Items() {
		always[s.Get("name").Str()] = s.Get("restartPolicy").Str() == "Always"
	}
	for _, list := range [...]struct{ field, kind string }{{"initContainerStatuses", "init"}, {"containerStatuses", ""}, {"ephemeralContainerStatuses", "ephemeral"}} {
		for _, c := range v.Get("status", list.field).Items() {
			name, kind := c.Get("name").Str(), list.kind
			if kind == "init" && always[name] {
				kind = "sidecar"
			}
			status := container(c, kind)
			if kind != "" {
				name += " (" + kind + ")"
			}
			r.bar("containers", name, b, status)
		}
	}
}

// container tells the status of one container, with its restarts.
func container(c *object.Value, kind string) Status {
	var s Status
	waiting, running, ended := c.Get("state", "waiting"), c.Get("state", "running"), c.Get("state", "terminated")
	switch {
	case running != nil && (yes(c, "ready") || kind == "ephemeral"):
		s = Status{Good, "Running"}
	case running != nil && kind == "init":
		s = Status{Progressing, "Running"}
	case running != nil:
		s = Status{Progressing, "Running, not ready"}
	case ended != nil:
		s = Status{Done, endedText(ended)}
		if exitCode(ended) != 0 {
			s = Status{Bad, endedText(ended)}
			if code := "ExitCode:" + itoa(exitCode(ended)); code != s.Text {
				s.Text += ", exit code " + itoa(exitCode(ended))
			}
		}
	default:
		s = Status{Progressing, waiting.Get("reason").Str()}
		if s.Text == "" {
			s.Text = "Waiting"
		}
		if failing(s.Text) {
			s.Class = Bad
		}
	}
	switch n := count(c, "restartCount"); n {
	case 0:
	case 1:
		s.Text += ", 1 restart"
	default:
		s.Text += ", " + itoa(n) + " restarts"
	}
	return s
}

// replicas tells the numbers of a workload.
func (r *rows) replicas(v *object.Value, b Bar) {
	status := v.Get("status")
	if status.Kind() != object.Object {
		return
	}
	switch r.group + "/" + r.kind {
	case "apps/Deployment", "apps/ReplicaSet", "apps/StatefulSet", "/ReplicationController":
		n := replicasOf(v)
		r.step("ready", b.From, n.ready, &n.wanted)
		if r.kind == "Deployment" || r.kind == "StatefulSet" {
			r.step("updated", b.From, n.updated, &n.wanted)
		}
	case "apps/DaemonSet":
		wanted := count(status, "desiredNumberScheduled")
		r.step("ready", b.From, count(status, "numberReady"), &wanted)
		r.step("updated", b.From, count(status, "updatedNumberScheduled"), &wanted)
	case "autoscaling/HorizontalPodAutoscaler":
		wanted := count(status, "desiredReplicas")
		r.step("current", b.From, count(status, "currentReplicas"), &wanted)
	case "batch/Job":
		r.step("active", b.From, count(status, "active"), nil)
		wanted := int64(1)
		if n, ok := number(v, "spec", "completions"); ok {
			wanted = n
		}
		r.step("succeeded", b.From, count(status, "succeeded"), &wanted)
		if n := count(status, "failed"); n > 0 {
			r.step("failed", b.From, n, nil)
		}
	}
}

// rollout tells which revision of its template a workload is at. How that came out is the status of its last state.
func (r *rows) rollout(v *object.Value, b Bar) {
	if r.group != "apps" {
		return
	}
	revision := ""
	switch r.kind {
	case "Deployment":
		revision = v.Get("metadata", "annotations", "deployment.kubernetes.io/revision").Str()
	case "StatefulSet":
		name := v.Get("status", "updateRevision").Str()
		revision = name[strings.LastIndexByte(name, '-')+1:]
	case "DaemonSet":
		revision = v.Get("metadata", "annotations", "deprecated.daemonset.template.generation").Str()
	}
	if revision == "" {
		return
	}
	w := r.row("rollout", "revision")
	if w == nil {
		return
	}
	status := Of(r.group, r.kind, v)
	lead := "revision " + revision
	if n := len(w.track); n > 0 {
		if last := &w.track[n-1]; last.Text == lead || strings.HasPrefix(last.Text, lead+": ") {
			if observed(v) && status.Class != Deleting { // else the next one has begun
				last.Class = status.Class
			}
			return
		}
	}
	b.Status = Status{status.Class, clip(join(lead, images(v)))}
	w.track.add(b)
}

// maxImages is how many images a text names.
const maxImages = 3

// images names those of a template, without their registries.
func images(v *object.Value) string {
	var words []string
	list := v.Get("spec", "template", "spec", "containers").Items()
	for _, c := range list[:min(len(list), maxImages)] {
		if image := c.Get("image").Str(); image != "" {
			words = append(words, shortImage(image))
		}
	}
	if more := len(list) - maxImages; more > 0 {
		words = append(words, itoa(int64(more))+" more")
	}
	return strings.Join(words, ", ")
}

// shortImage is the last part of an image's name with its tag or the beginning of its digest.
func shortImage(image string) string {
	image = image[strings.LastIndexByte(image, '/')+1:]
	if name, digest, ok := strings.Cut(image, "@sha256:"); ok {
		return name + "@" + digest[:min(len(digest), 12)]
	}
	return image
}
