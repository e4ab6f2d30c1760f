package timeline

import (
	"strings"

	"github.com/kubewake/kubewake/object"
)

// condition is one of status.conditions; its zero value is one that is not there.
type condition struct {
	kind, status, reason, message string
	// stale: it was observed for an older generation than the object has.
	stale bool
}

func conditionAt(v, c *object.Value) condition {
	out := condition{kind: c.Get("type").Str(), status: c.Get("status").Str(), reason: c.Get("reason").Str(), message: c.Get("message").Str()}
	if observed, ok := number(c, "observedGeneration"); ok {
		generation, known := number(v, "metadata", "generation")
		out.stale = known && observed < generation
	}
	return out
}

func conditionOf(v *object.Value, kind string) condition {
	for _, c := range v.Get("status", "conditions").Items() {
		if c.Get("type").Str() == kind {
			return conditionAt(v, c)
		}
	}
	return condition{}
}

// polarity says what a condition that is True means.
type polarity uint8

const (
	neutral  polarity = iota
	positive          // True: as it should be
	negative          // True: a failure
	passing           // True: on its way
	finished          // True: it has run to its end
)

// polarityOf goes by the words that the API machinery, its controllers and their conventions use.
func polarityOf(kind string) polarity {
	switch kind {
	case "Ready", "Available", "Initialized", "PodScheduled", "ContainersReady", "PodReadyToStartContainers", "Established", "NamesAccepted",
		"Healthy", "Synced", "Reconciled", "ScalingActive", "AbleToScale", "Approved", "Accepted", "Programmed", "ResolvedRefs", "Valid", "Served",
		"Scheduled", "Running", "Bound", "Active", "Installed", "Provisioned", "Deployed", "DisruptionAllowed", "Released", "Upgradeable",
		"KubernetesAPIApprovalPolicyConformant", "InfrastructureReady", "ControlPlaneReady":
		return positive
	case "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "ReplicaFailure", "Failed", "Degraded", "Stalled", "NonStructuralSchema",
		"NamespaceDeletionDiscoveryFailure", "NamespaceDeletionContentFailure", "NamespaceDeletionGroupVersionParsingFailure", "FailureTarget",
		"Denied", "ControllerResizeError", "NodeResizeError", "ModifyVolumeError", "Invalid", "KernelDeadlock", "ReadonlyFilesystem":
		return negative
	case "Progressing", "Reconciling", "Resizing", "FileSystemResizePending", "NamespaceContentRemaining", "NamespaceFinalizersRemaining", "Terminating",
		"DisruptionTarget", "PodResizeInProgress", "PodResizePending", "ModifyingVolume", "SuccessCriteriaMet", "Issuing", "Deleting", "Pending":
		return passing
	case "Complete", "Completed", "Succeeded":
		return finished
	}
	for _, word := range [...]string{"Failed", "Failure", "Error", "Pressure", "Unavailable", "Problem"} {
		if strings.HasSuffix(kind, word) {
			return negative
		}
	}
	if strings.HasSuffix(kind, "Ready") || strings.HasSuffix(kind, "Available") || strings.HasSuffix(kind, "Succeeded") || strings.HasSuffix(kind, "Healthy") {
		return positive
	}
	return neutral
}

// class of a condition of an object of a kind.
func (c condition) class(group, kind string) Class {
	p := polarityOf(c.kind)
	if p == passing && c.kind == "Progressing" && (group == "apps" || c.status == "False") {
		return c.progress(group)
	}
	switch c.status {
	case "True":
		switch p {
		case positive:
			return Good
		case negative:
			return Bad
		case passing:
			return Progressing
		case finished:
			return Done
		}
		return There
	case "False":
		switch {
		case p == positive && (failing(c.reason) || group == "" && kind == "Node" || kind == "APIService"):
			return Bad
		case c.reason == "PodCompleted":
			return Done
		case p == positive, p == finished && !failing(c.reason):
			return Progressing
		case p == finished:
			return Bad
		case p == negative:
			return Good
		}
		return There
	}
	if group == "" && kind == "Node" && c.kind == "Ready" {
		return Bad // its controller has lost it
	}
	return Unknown
}

// progress is the class of condition Progressing: a Deployment's is True when it has come to its end, others' are False then.
func (c condition) progress(group string) Class {
	switch {
	case group != "apps":
		if failing(c.reason) {
			return Bad
		}
		return Good
	case c.status == "True" && c.reason == "NewReplicaSetAvailable":
		return Good
	case c.status == "False":
		return Bad
	case c.status == "Unknown": // paused
		return There
	}
	return Progressing
}

// text of a condition: "True", "False: ContainersNotReady".
func (c condition) text() string {
	if c.reason == "" || c.status == "True" && strings.HasSuffix(c.reason, c.kind) {
		return c.status
	}
	return clip(c.status + ": " + c.reason)
}

// observed reports whether the controller of an object has seen its newest generation.
func observed(v *object.Value) bool {
	seen, ok := number(v, "status", "observedGeneration")
	generation, known := number(v, "metadata", "generation")
	return !ok || !known || seen >= generation
}

// generic tells the status of an object of any kind.
func generic(v *object.Value) Status {
	conditions := v.Get("status", "conditions").Items()
	best := Status{Class: There}
	found := false
	for _, item := range conditions {
		c := conditionAt(v, item)
		s := c.generic()
		if s.Class == There {
			continue
		}
		if c.stale && s.Class == Good {
			s = Status{Progressing, "not observed yet"}
		}
		if !found || s.Class.WorseThan(best.Class) || s.Class == best.Class && mains(c.kind) {
			best, found = s, true
		}
	}
	if !observed(v) && best.Class != Bad {
		return Status{Progressing, "not observed yet"}
	}
	if found {
		return best
	}
	if len(conditions) == 0 || best.Class == There {
		for _, field := range [...]string{"phase", "state"} {
			if word := v.Get("status", field).Str(); word != "" {
				return phased(word)
			}
		}
	}
	return best
}

// mains are the conditions that sum up the others.
func mains(kind string) bool { return kind == "Ready" || kind == "Available" }

// generic is what one condition says of an object of a kind that is not known; There where it says nothing.
func (c condition) generic() Status {
	class := c.class("?", "")
	p := polarityOf(c.kind)
	switch {
	case p == neutral, c.status != "True" && (p == negative || p == passing):
		return Status{Class: There}
	case c.status == "True" && p == negative, c.status == "True" && p == passing, c.status == "True" && p == finished:
		return Status{class, join(c.kind, c.reasonUnlessSame())}
	case c.status == "True" && mains(c.kind):
		return Status{class, c.kind}
	case c.status == "True":
		return Status{class, c.kind}
	case c.status == "False":
		return Status{class, join("not "+c.kind, c.reason)}
	}
	return Status{Unknown, join(c.kind+" not known", c.reason)}
}

func (c condition) reasonUnlessSame() string {
	if c.reason == c.kind {
		return ""
	}
	return c.reason
}

// phased tells the status of an object that tells it by one word.
func phased(word string) Status {
	switch strings.ToLower(word) {
	case "running", "active", "bound", "ready", "available", "healthy", "online", "enabled", "deployed", "established", "synced", "applied", "provisioned", "ok", "started":
		return Status{Good, word}
	case "succeeded", "completed", "complete", "finished", "done":
		return Status{Done, word}
	case "pending", "creating", "provisioning", "updating", "progressing", "starting", "initializing", "scaling", "installing", "upgrading", "reconciling", "waiting", "processing":
		return Status{Progressing, word}
	case "terminating", "deleting":
		return Status{Deleting, word}
	case "failed", "error", "lost", "degraded", "unhealthy", "crashloopbackoff", "invalid", "stopped-by-error":
		return Status{Bad, word}
	case "unknown":
		return Status{Unknown, word}
	}
	if failing(word) {
		return Status{Bad, word}
	}
	return Status{There, word}
}
