package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"check_imap_session/internal/report"
)

// Recorder takes down what one step measures.
type Recorder struct {
	journal *journal
	i       int // index of the step
	start   time.Time
	end     time.Time     // zero: when the step returns
	other   time.Duration // of that, in which another step was done once more
	waiting string
	begun   bool
	skipped bool
}

// edit changes the report, unless it is already handed out.
func (r *Recorder) edit(f func(rep *report.Report, step *report.StepResult)) {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	if !r.journal.frozen {
		f(&r.journal.rep, &r.journal.rep.Steps[r.i])
	}
}

// Begin says that the step's own time begins now; what was before is
// preparation. Without it the time begins with the step. Later calls do
// nothing: the time of a step of several commands begins with the first.
func (r *Recorder) Begin() {
	now := time.Now()
	r.edit(func(*report.Report, *report.StepResult) {
		if !r.begun {
			r.start, r.begun = now, true
		}
	})
}

// End says when the step's own time ended. Without it the time ends when the
// step returns.
func (r *Recorder) End(t time.Time) {
	r.edit(func(*report.Report, *report.StepResult) { r.end = t })
}

// Span says when the step's own time began and ended, for a step that has it
// from closer to the network than where it runs.
func (r *Recorder) Span(from, to time.Time) {
	r.edit(func(*report.Report, *report.StepResult) { r.start, r.begun, r.end = from, true, to })
}

// Waiting says what is being waited for, "the greeting", for the case that it
// never comes.
func (r *Recorder) Waiting(what string) {
	r.edit(func(*report.Report, *report.StepResult) { r.waiting = what })
}

// Metric records a measured value in the metric's unit. The same name again
// replaces the value.
func (r *Recorder) Metric(name string, value float64) { r.MetricAt(name, value, time.Time{}) }

// MetricAt is Metric for a value that counts from or to a moment.
func (r *Recorder) MetricAt(name string, value float64, at time.Time) {
	made := report.Metric{Def: r.own(name), Mailbox: r.step().Mailbox, Value: value, At: at}
	made.Def.Step = r.step().Name // of one that it measures in place of another step
	r.edit(func(rep *report.Report, _ *report.StepResult) {
		rep.Metrics = append(slices.DeleteFunc(rep.Metrics, func(m report.Metric) bool { return m.Label() == made.Label() }), made)
	})
}

// own returns the definition of one of the step's metrics. Any other name is a
// bug of the step: it fails, and every test that runs it.
func (r *Recorder) own(name string) report.MetricDef {
	step := r.step()
	def, _ := report.LookupMetric(name)
	if def.Step != step.Name && !slices.Contains(step.Also, name) {
		panic(fmt.Sprintf("the table of metrics has no %q of the step %s", name, step.Name))
	}
	return def
}

// step returns the step whose recorder it is.
func (r *Recorder) step() Step { return r.journal.plan[r.i] }

// AddTime adds to the time of another step that this one has done once more, and
// takes it from its own.
func (r *Recorder) AddTime(step string, d time.Duration) {
	r.edit(func(rep *report.Report, _ *report.StepResult) {
		addTime(rep, step, report.Mailbox{}, d)
		r.other += d
	})
}

// addTime adds to a step's time: a step in two places has one. That of a mailbox of
// several is in the sum over all of them too.
func addTime(rep *report.Report, step string, of report.Mailbox, d time.Duration) {
	if of.Label != "" {
		addTime(rep, step, report.Mailbox{}, d)
	}
	def, _ := report.LookupMetric(report.StepTime(step))
	for i, m := range rep.Metrics {
		if m.Def.Name == def.Name && m.Mailbox == of {
			rep.Metrics[i].Value += d.Seconds()
			return
		}
	}
	rep.Metrics = append(rep.Metrics, report.Metric{Def: def, Mailbox: of, Value: d.Seconds()})
}

// Absent says why metrics of the step have no value although nothing failed.
func (r *Recorder) Absent(why string, names ...string) {
	for _, name := range names {
		r.own(name)
		r.edit(func(rep *report.Report, _ *report.StepResult) { rep.Absent[r.step().Mailbox.At(name)] = why })
	}
}

// Fact records something learnt. The same name again replaces the value. Of a long one
// the beginning is kept.
func (r *Recorder) Fact(name string, value any) {
	name, value = r.step().Mailbox.At(name), keptFact(value)
	r.edit(func(rep *report.Report, _ *report.StepResult) {
		for i := range rep.Facts {
			if rep.Facts[i].Name == name {
				rep.Facts[i].Value = value
				return
			}
		}
		rep.Facts = append(rep.Facts, report.Fact{Name: name, Value: value})
	})
}

// Detail sets the short phrase behind the step's time.
func (r *Recorder) Detail(text string) {
	r.edit(func(_ *report.Report, step *report.StepResult) { step.Detail = text })
}

// Remark records a sentence that changes no state.
func (r *Recorder) Remark(text string) {
	r.edit(func(rep *report.Report, step *report.StepResult) {
		rep.Remarks = append(rep.Remarks, report.Remark{Step: step.Name, Mailbox: step.Mailbox, Text: text})
	})
}

// Headline records a sentence that changes no state and belongs on the first line.
func (r *Recorder) Headline(text string) {
	r.edit(func(rep *report.Report, step *report.StepResult) {
		rep.Remarks = append(rep.Remarks, report.Remark{Step: step.Name, Mailbox: step.Mailbox, Text: text, Headline: true})
	})
}

// Fault records a failure that does not end the session: its condition, as package
// report names it, and what is wrong.
func (r *Recorder) Fault(condition error, format string, args ...any) {
	err := fmt.Errorf("%w: %w", condition, fmt.Errorf(format, args...))
	r.edit(func(rep *report.Report, step *report.StepResult) {
		rep.Faults = append(rep.Faults, &report.StepError{Step: step.Name, About: step.About, Among: step.Mailbox, Err: err})
	})
}

// Address records the address that was reached.
func (r *Recorder) Address(a string) {
	r.edit(func(rep *report.Report, _ *report.StepResult) { rep.Target.Address = a })
}

// Skip says that the step was not needed after all, and why. Its metrics are
// absent for that reason.
func (r *Recorder) Skip(why string) {
	defs := r.step().Metrics()
	r.edit(func(rep *report.Report, step *report.StepResult) {
		r.skipped = true
		step.Outcome, step.Detail = report.Skipped, why
		rep.Absent[step.Mailbox.At(report.StepTime(step.Name))] = why
		for _, def := range defs {
			if name := step.Mailbox.At(def.Name); rep.Absent[name] == "" {
				rep.Absent[name] = why
			}
		}
	})
}

// pass ends a step that went well.
func (r *Recorder) pass() {
	now := time.Now()
	r.edit(func(rep *report.Report, step *report.StepResult) {
		r.journal.current = nil
		if r.skipped {
			return
		}
		r.stamp(step, now)
		step.Outcome = report.Passed
		delete(rep.Absent, step.Mailbox.At(report.StepTime(step.Name)))
		addTime(rep, step.Name, step.Mailbox, step.Elapsed)
	})
}

// fail ends a step with the error; an earlier step may be the one to blame.
func (r *Recorder) fail(e *report.StepError) {
	now := time.Now()
	r.edit(func(rep *report.Report, step *report.StepResult) {
		r.journal.current = nil
		blamed := step
		for i := range r.i {
			if s := &rep.Steps[i]; s.Name == e.Step && s.Mailbox == e.Among && s.Outcome == report.Passed {
				blamed = s
			}
		}
		if blamed == step {
			r.stamp(step, now)
		} else {
			rep.Metrics = slices.DeleteFunc(rep.Metrics, func(m report.Metric) bool { return m.Def.Name == report.StepTime(e.Step) })
		}
		if errors.Is(e.Err, report.ErrBye) {
			r.journal.bye = r.end
		}
		blamed.Outcome, blamed.Err = report.Failed, e
	})
}

// stamp sets the step's times.
func (r *Recorder) stamp(step *report.StepResult, now time.Time) {
	end := r.end
	if end.IsZero() {
		end = now
	}
	step.Start = r.start.Sub(r.journal.started)
	step.Elapsed = max(end.Sub(r.start)-r.other, 0)
}
