package timeline

import (
	"slices"

	"github.com/kubewake/kubewake/object"
)

// pod tells of a Pod what the column STATUS of kubectl does, sorted.
func pod(v *object.Value) Status {
	status := v.Get("status")
	phase, reason := status.Get("phase").Str(), status.Get("reason").Str()
	text := phase
	if reason != "" {
		text = reason
	}
	ready := conditionOf(v, "Ready")
	scheduled := conditionOf(v, "PodScheduled")
	if scheduled.reason == "SchedulingGated" {
		text = scheduled.reason
	}
	init, initializing := initStatus(v)
	running := 0
	if initializing {
		text = init
	}
	if !initializing || conditionOf(v, "Initialized").status == "True" {
		text, running = containersStatus(status.Get("containerStatuses"), text)
		if text == "Completed" && running > 0 {
			text = "NotReady"
			if ready.status == "True" {
				text = "Running"
			}
		}
	}
	if v.Get("metadata", "deletionTimestamp").Str() != "" {
		if reason == "NodeLost" {
			return Status{Unknown, "Unknown: NodeLost"}
		}
		if phase != "Succeeded" && phase != "Failed" {
			text = "Terminating"
		}
		return Status{Deleting, text}
	}
	return podClass(v, phase, text, ready, scheduled, running)
}

func podClass(v *object.Value, phase, text string, ready, scheduled condition, running int) Status {
	switch {
	case phase == "Succeeded":
		return Status{Done, text}
	case phase == "Failed":
		return Status{Bad, text}
	case phase == "Unknown":
		return Status{Unknown, text}
	case failing(text) || isExit(text):
		return Status{Bad, text}
	case scheduled.status == "False" && scheduled.reason == "Unschedulable":
		return Status{Bad, join(text, scheduled.reason)}
	case phase == "Running" && text == "Running":
		if ready.status == "True" {
			return Status{Good, text}
		}
		all := int64(len(v.Get("spec", "containers").Items()))
		text += ", " + of(int64(running), max(all, int64(running)), "ready")
		if int64(running) == all && ready.reason != "" { // all containers are: a readiness gate is not
			text += ": " + ready.reason
		}
		return Status{Progressing, text}
	case phase == "" && text == "":
		return Status{Unknown, ""}
	}
	return Status{Progressing, text}
}

// initStatus is the status of the first init container that has not done its work; false where all have.
func initStatus(v *object.Value) (string, bool) {
	list := v.Get("status", "initContainerStatuses").Items()
	specs := v.Get("spec", "initContainers").Items()
	for i, c := range list {
		spec := slices.IndexFunc(specs, func(s *object.Value) bool { return s.Get("name").Str() == c.Get("name").Str() })
		sidecar := spec >= 0 && specs[spec].Get("restartPolicy").Str() == "Always"
		ended, waiting := c.Get("state", "terminated"), c.Get("state", "waiting", "reason").Str()
		switch {
		case ended != nil && exitCode(ended) == 0, sidecar && yes(c, "started"):
			continue
		case ended != nil:
			return "Init:" + endedText(ended), true
		case waiting != "" && waiting != "PodInitializing":
			return "Init:" + waiting, true
		}
		return "Init:" + itoa(int64(i)) + "/" + itoa(int64(max(len(specs), len(list)))), true
	}
	return "", false
}

// containersStatus is the status of the first container that has something to say, else text; and how many run and are ready.
func containersStatus(list *object.Value, text string) (string, int) {
	running := 0
	items := list.Items()
	for i := len(items) - 1; i >= 0; i-- {
		c := items[i]
		switch ended := c.Get("state", "terminated"); {
		case c.Get("state", "waiting", "reason").Str() != "":
			text = c.Get("state", "waiting", "reason").Str()
		case ended != nil:
			text = endedText(ended)
		case yes(c, "ready") && c.Get("state", "running") != nil:
			running++
		}
	}
	return text, running
}

func exitCode(ended *object.Value) int64 { return count(ended, "exitCode") }

// endedText says how a container ended.
func endedText(ended *object.Value) string {
	if reason := ended.Get("reason").Str(); reason != "" {
		return reason
	}
	if signal := count(ended, "signal"); signal != 0 {
		return "Signal:" + itoa(signal)
	}
	return "ExitCode:" + itoa(exitCode(ended))
}

// isExit reports whether a text is that of a container that ended badly without a reason.
func isExit(text string) bool {
	for _, prefix := range [...]string{"ExitCode:", "Signal:", "Init:ExitCode:", "Init:Signal:"} {
		if len(text) > len(prefix) && text[:len(prefix)] == prefix {
			return text != prefix+"0"
		}
	}
	return false
}
