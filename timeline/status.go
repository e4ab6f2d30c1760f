package timeline

import (
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/object"
)

// maxText bounds a text in bytes: words of objects may be long.
const maxText = 160

// Of tells the status of an object of a group and kind from its manifest. A manifest that tells nothing of the kind is There, a missing one
// Unknown. It takes anything: what has another shape than its kind is read as far as it can be.
//
// Of kinds with no line of their own it goes by the conventions of the API, as kstatus does (sigs.k8s.io/cli-utils/pkg/kstatus): generation and observedGeneration, the
// conditions Ready, Available, Failed and the like, and status.phase.
func Of(group, kind string, v *object.Value) Status {
	if v.Kind() != object.Object {
		return Status{Class: Unknown}
	}
	s := statusOf(group, kind, v)
	own := group == "" && (kind == "Pod" || kind == "Namespace") // tell it in words of their own
	if !own && s.Class != Deleting && v.Get("metadata", "deletionTimestamp").Str() != "" {
		s = terminating(v)
	}
	s.Text = clip(s.Text)
	return s
}

func statusOf(group, kind string, v *object.Value) Status {
	switch group {
	case "":
		return coreStatus(kind, v)
	case "apps":
		switch kind {
		case "Deployment":
			return deployment(v)
		case "ReplicaSet":
			return replicaSet(v)
		case "StatefulSet":
			return statefulSet(v)
		case "DaemonSet":
			return daemonSet(v)
		}
	case "batch":
		switch kind {
		case "Job":
			return job(v)
		case "CronJob":
			return cronJob(v)
		}
	case "autoscaling":
		if kind == "HorizontalPodAutoscaler" {
			return autoscaler(v)
		}
	case "policy":
		if kind == "PodDisruptionBudget" {
			return disruptionBudget(v)
		}
	case "apiextensions.k8s.io":
		if kind == "CustomResourceDefinition" {
			return definition(v)
		}
	case "apiregistration.k8s.io":
		if kind == "APIService" {
			return apiService(v)
		}
	}
	return generic(v)
}

func coreStatus(kind string, v *object.Value) Status {
	switch kind {
	case "Pod":
		return pod(v)
	case "Node":
		return node(v)
	case "Namespace":
		return namespace(v)
	case "PersistentVolumeClaim":
		return claim(v)
	case "PersistentVolume":
		return volume(v)
	case "Service":
		return service(v)
	case "ReplicationController":
		return replicaSet(v)
	case "ConfigMap", "Secret", "ServiceAccount", "Endpoints":
		return Status{Class: There}
	}
	return generic(v)
}

// terminating is the status of what is marked for deletion.
func terminating(v *object.Value) Status {
	text := "Terminating"
	if list := v.Get("metadata", "finalizers").Items(); len(list) > 0 {
		text += ", waits for " + list[0].Str()
		if len(list) > 1 {
			text += " and " + strconv.Itoa(len(list)-1) + " more"
		}
	}
	return Status{Deleting, text}
}

// number is an integer below v, and whether there is one.
func number(v *object.Value, path ...string) (int64, bool) {
	v = v.Get(path...)
	if v.Kind() != object.Number {
		return 0, false
	}
	n, err := strconv.ParseInt(v.Text(), 10, 64)
	return n, err == nil
}

// count is a number of a status, which leaves zeros out.
func count(v *object.Value, path ...string) int64 {
	n, _ := number(v, path...)
	return n
}

func yes(v *object.Value, path ...string) bool { return v.Get(path...).Text() == "true" }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// of is "3 of 5 ready".
func of(n, wanted int64, word string) string { return itoa(n) + " of " + itoa(wanted) + " " + word }

func join(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		if w == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(w)
	}
	return b.String()
}

// clip cuts a text for display.
func clip(s string) string {
	s, _, more := strings.Cut(s, "\n")
	if len(s) > maxText {
		s, more = strings.ToValidUTF8(s[:maxText], ""), true
	}
	if more {
		s += "…"
	}
	return s
}

// failing reports whether a reason is one of a failure, by its words: ImagePullBackOff, ErrImagePull, OOMKilled.
func failing(reason string) bool {
	if strings.HasPrefix(reason, "Err") {
		return true
	}
	for _, word := range [...]string{"BackOff", "Backoff", "Error", "Fail", "Invalid", "Exceeded", "Crash", "OOMKilled", "Evicted", "Unschedulable",
		"CannotRun", "NotFound", "Missing", "Denied", "Forbidden", "Lost", "Degraded", "Stalled", "Conflict", "Timeout", "TimedOut", "Unhealthy", "Rejected", "Preempt",
		"ErrImage", "Stuck"} {
		if strings.Contains(reason, word) {
			return true
		}
	}
	return false
}
