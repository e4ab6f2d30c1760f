package timeline

import "github.com/kubewake/kubewake/object"

// replicas are the numbers that workloads tell.
type replicas struct {
	wanted, all, updated, ready, available int64
}

func replicasOf(v *object.Value) replicas {
	r := replicas{wanted: 1, all: count(v, "status", "replicas"), updated: count(v, "status", "updatedReplicas"), ready: count(v, "status", "readyReplicas"),
		available: count(v, "status", "availableReplicas")}
	if n, ok := number(v, "spec", "replicas"); ok {
		r.wanted = n
	}
	return r
}

// ready is the status of a workload that has come to its end, or waits for pods to get ready.
func (r replicas) settled() Status {
	switch {
	case r.wanted == 0 && r.all == 0:
		return Status{There, "scaled to 0"}
	case r.ready < r.wanted, r.available < r.wanted:
		return Status{Progressing, of(min(r.ready, r.available), r.wanted, "ready")}
	case r.all > r.wanted:
		return Status{Progressing, itoa(r.all-r.wanted) + " too many"}
	}
	return Status{Good, of(r.ready, r.wanted, "ready")}
}

func deployment(v *object.Value) Status {
	r := replicasOf(v)
	progress := conditionOf(v, "Progressing")
	if failure := conditionOf(v, "ReplicaFailure"); failure.status == "True" {
		return Status{Bad, join(of(r.ready, r.wanted, "ready"), failure.reason)}
	}
	if progress.status == "False" {
		return Status{Bad, join(of(r.ready, r.wanted, "ready"), progress.reason)}
	}
	s := r.rollout(v)
	if yes(v, "spec", "paused") {
		s.Text = "paused, " + s.Text
	}
	return s
}

// rollout is the status of a Deployment that has not failed.
func (r replicas) rollout(v *object.Value) Status {
	switch {
	case !observed(v) || v.Get("status").Kind() != object.Object:
		return Status{Progressing, "not observed yet"}
	case r.wanted == 0 && r.all == 0:
		return r.settled()
	case r.updated < r.wanted:
		return Status{Progressing, of(r.updated, r.wanted, "updated") + ", " + itoa(r.ready) + " ready"}
	case r.all > r.updated:
		return Status{Progressing, itoa(r.all-r.updated) + " old to go, " + of(r.ready, r.wanted, "ready")}
	}
	return r.settled()
}

func replicaSet(v *object.Value) Status {
	r := replicasOf(v)
	if failure := conditionOf(v, "ReplicaFailure"); failure.status == "True" {
		return Status{Bad, join(of(r.ready, r.wanted, "ready"), failure.reason)}
	}
	if !observed(v) || v.Get("status").Kind() != object.Object {
		return Status{Progressing, "not observed yet"}
	}
	return r.settled()
}

func statefulSet(v *object.Value) Status {
	r := replicasOf(v)
	if v.Get("status", "availableReplicas") == nil {
		r.available = r.ready
	}
	if !observed(v) || v.Get("status").Kind() != object.Object {
		return Status{Progressing, "not observed yet"}
	}
	wanted := max(0, r.wanted-count(v, "spec", "updateStrategy", "rollingUpdate", "partition"))
	current, update := v.Get("status", "currentRevision").Str(), v.Get("status", "updateRevision").Str()
	if update != "" && update != current && r.updated < wanted && v.Get("spec", "updateStrategy", "type").Str() != "OnDelete" {
		return Status{Progressing, of(r.updated, wanted, "updated") + ", " + itoa(r.ready) + " ready"}
	}
	return r.settled()
}

func daemonSet(v *object.Value) Status {
	status := v.Get("status")
	r := replicas{wanted: count(status, "desiredNumberScheduled"), all: count(status, "currentNumberScheduled"), updated: count(status, "updatedNumberScheduled"),
		ready: count(status, "numberReady"), available: count(status, "numberAvailable")}
	switch {
	case !observed(v) || status.Kind() != object.Object:
		return Status{Progressing, "not observed yet"}
	case r.wanted == 0 && r.all == 0:
		return Status{There, "no node wanted"}
	case r.updated < r.wanted && v.Get("spec", "updateStrategy", "type").Str() != "OnDelete":
		return Status{Progressing, of(r.updated, r.wanted, "updated") + ", " + itoa(r.ready) + " ready"}
	case count(status, "numberMisscheduled") > 0 && r.ready >= r.wanted:
		return Status{Progressing, itoa(count(status, "numberMisscheduled")) + " where none should be"}
	}
	r.all = min(r.all, r.wanted)
	return r.settled()
}

func job(v *object.Value) Status {
	active, succeeded, failed := count(v, "status", "active"), count(v, "status", "succeeded"), count(v, "status", "failed")
	if c := conditionOf(v, "Failed"); c.status == "True" {
		return Status{Bad, join("Failed", c.reason)}
	}
	if conditionOf(v, "Complete").status == "True" {
		return Status{Done, "Complete"}
	}
	if conditionOf(v, "Suspended").status == "True" || yes(v, "spec", "suspend") {
		return Status{There, "Suspended"}
	}
	if c := conditionOf(v, "FailureTarget"); c.status == "True" {
		return Status{Bad, join("Failing", c.reason)}
	}
	text := itoa(active) + " active"
	if wanted, ok := number(v, "spec", "completions"); ok && wanted > 1 {
		text += ", " + of(succeeded, wanted, "succeeded")
	}
	if failed > 0 {
		text += ", " + itoa(failed) + " failed"
	}
	return Status{Progressing, text}
}

func cronJob(v *object.Value) Status {
	if yes(v, "spec", "suspend") {
		return Status{There, "Suspended"}
	}
	if n := int64(len(v.Get("status", "active").Items())); n > 0 {
		return Status{Progressing, itoa(n) + " active"}
	}
	return Status{There, "Idle"}
}

func autoscaler(v *object.Value) Status {
	current, desired := count(v, "status", "currentReplicas"), count(v, "status", "desiredReplicas")
	active, able := conditionOf(v, "ScalingActive"), conditionOf(v, "AbleToScale")
	switch {
	case active.status == "False" && active.reason == "ScalingDisabled":
		return Status{There, "ScalingDisabled"}
	case active.status == "False":
		return Status{Bad, join("does not scale", active.reason)}
	case able.status == "False":
		return Status{Bad, join("can not scale", able.reason)}
	case current != desired:
		return Status{Progressing, itoa(current) + " → " + itoa(desired)}
	case active.status == "" && v.Get("status", "currentReplicas") == nil:
		return Status{Progressing, "not observed yet"}
	}
	text := itoa(current)
	if limited := conditionOf(v, "ScalingLimited"); limited.status == "True" {
		switch limited.reason {
		case "TooManyReplicas":
			text += ", wants more than its maximum"
		case "TooFewReplicas":
			text += ", wants fewer than its minimum"
		}
	}
	return Status{Good, text}
}

func disruptionBudget(v *object.Value) Status {
	status := v.Get("status")
	if !observed(v) || status.Kind() != object.Object {
		return Status{Progressing, "not observed yet"}
	}
	healthy, wanted, allowed := count(status, "currentHealthy"), count(status, "desiredHealthy"), count(status, "disruptionsAllowed")
	if healthy < wanted {
		return Status{Progressing, of(healthy, wanted, "healthy")}
	}
	return Status{Good, itoa(allowed) + " disruptions allowed"}
}
