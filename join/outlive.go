package join

// outlives: a write that succeeded on the object found it there, so the end was committed after it began. At level Metadata a request tells only a name: it is about this object unless another
// create of that name began before it ended.
func (j *joiner) outlives() {
	if len(j.revs) == 0 || j.end == nil || !j.oneEpoch {
		return
	}
	var others []*write // creates of the name that made another object, or may have
	for _, w := range j.writes {
		if w.mayCreate() && !w.nameless && !contains(j.revs[0].cand, w) {
			others = append(others, w)
		}
	}
	for _, w := range j.writes {
		if w.doubtful || w.nameless || w.act == actOther || w.creates() || !j.isAbout(w, others) {
			continue
		}
		j.end.when = j.end.when.And(Interval{NotBefore: w.from.Add(-j.in.Skew)})
	}
	j.monotonous()
}

// isAbout reports whether w certainly was about this object and no other of its name.
func (j *joiner) isAbout(w *write, others []*write) bool {
	uid := j.in.Ref.UID
	if w.q.AnswerUID == uid || w.q.NamedUID == uid {
		return true
	}
	if !j.revs[0].chg.first {
		return false // what was there before the recording is not known
	}
	first := j.revs[0]
	made := first.when.And(windowOf(first.cand, j.in.Skew)).NotAfter
	if made.IsZero() || w.from.Add(-j.in.Skew).Before(made) {
		return false // an earlier object of that name may have been meant
	}
	for _, o := range others {
		if w.to.IsZero() || !o.from.Add(-j.in.Skew).After(w.to) {
			return false
		}
	}
	return true
}

func contains(list []*write, w *write) bool {
	for _, o := range list {
		if o == w {
			return true
		}
	}
	return false
}
