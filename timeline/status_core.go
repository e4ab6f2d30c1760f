package timeline

import "github.com/kubewake/kubewake/object"

func node(v *object.Value) Status {
	ready := conditionOf(v, "Ready")
	cordoned := ""
	if yes(v, "spec", "unschedulable") {
		cordoned = ", SchedulingDisabled"
	}
	switch {
	case ready.status == "":
		return Status{Progressing, "not observed yet" + cordoned}
	case ready.status != "True":
		return Status{Bad, join("NotReady", ready.reason) + cordoned}
	}
	for _, item := range v.Get("status", "conditions").Items() {
		if c := conditionAt(v, item); c.status == "True" && polarityOf(c.kind) == negative {
			return Status{Bad, c.kind + cordoned}
		}
	}
	if cordoned != "" {
		return Status{Progressing, "Ready" + cordoned}
	}
	return Status{Good, "Ready"}
}

func namespace(v *object.Value) Status {
	phase := v.Get("status", "phase").Str()
	if phase != "Terminating" && v.Get("metadata", "deletionTimestamp").Str() == "" {
		return phased(phase)
	}
	phase = "Terminating"
	text := phase
	for _, item := range v.Get("status", "conditions").Items() {
		c := conditionAt(v, item)
		if c.status != "True" {
			continue
		}
		if polarityOf(c.kind) == negative {
			return Status{Bad, join(phase, c.kind)}
		}
		text = join(phase, c.reason)
	}
	return Status{Deleting, text}
}

func claim(v *object.Value) Status {
	phase := v.Get("status", "phase").Str()
	if phase == "Bound" {
		for _, item := range v.Get("status", "conditions").Items() {
			c := conditionAt(v, item)
			if c.status != "True" {
				continue
			}
			switch polarityOf(c.kind) {
			case negative:
				return Status{Bad, phase + ", " + c.kind}
			case passing:
				return Status{Progressing, phase + ", " + c.kind}
			}
		}
	}
	if phase == "" {
		return Status{Progressing, "Pending"}
	}
	return phased(phase)
}

func volume(v *object.Value) Status {
	switch phase := v.Get("status", "phase").Str(); phase {
	case "Released":
		return Status{Done, phase}
	case "Failed":
		return Status{Bad, join(phase, v.Get("status", "reason").Str())}
	case "":
		return Status{Progressing, "Pending"}
	default:
		return phased(phase)
	}
}

func service(v *object.Value) Status {
	kind := v.Get("spec", "type").Str()
	if kind != "LoadBalancer" {
		return Status{There, kind}
	}
	for _, in := range v.Get("status", "loadBalancer", "ingress").Items() {
		for _, field := range [...]string{"ip", "hostname"} {
			if at := in.Get(field).Str(); at != "" {
				return Status{Good, kind + " " + at}
			}
		}
	}
	return Status{Progressing, kind + " without an address"}
}

func definition(v *object.Value) Status {
	names, established := conditionOf(v, "NamesAccepted"), conditionOf(v, "Established")
	switch {
	case conditionOf(v, "Terminating").status == "True":
		return Status{Deleting, "Terminating"}
	case names.status == "False":
		return Status{Bad, join("names not accepted", names.reason)}
	case established.status == "True":
		return Status{Good, "Established"}
	}
	return Status{Progressing, join("not established", established.reason)}
}

func apiService(v *object.Value) Status {
	available := conditionOf(v, "Available")
	switch available.status {
	case "True":
		return Status{Good, "Available"}
	case "False":
		return Status{Bad, join("not available", available.reason)}
	}
	return Status{Progressing, "not observed yet"}
}
