package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"check_imap_session/internal/report"
)

// journal is the report while it is being written. It is locked because at the
// deadline Run reads it while a step may still be writing; what comes after
// that is dropped.
type journal struct {
	mu      sync.Mutex
	started time.Time
	rep     report.Report
	plan    []Step
	frozen  bool
	current *Recorder // the step under way, nil between steps
	ended   time.Time // when the last step had ended; zero before that
	bye     time.Time // when the server ended the session by BYE; zero if it did not
}

// usualMetrics is room for those of a usual session, so that the list need not grow.
const usualMetrics = 24

func newJournal(cfg Config, plan []Step) *journal {
	j := &journal{started: time.Now(), plan: plan}
	j.rep = report.Report{
		Started: j.started,
		Target: report.Target{
			Host:    cfg.Dial.Host,
			Port:    cfg.Dial.Port,
			TLS:     string(cfg.TLS),
			Timeout: cfg.Timeout,
			Demo:    cfg.Demo,
			Pattern: cfg.Pattern,
		},
		Absent:  map[string]string{},
		Metrics: make([]report.Metric, 0, usualMetrics),
	}
	if a, ok := cfg.Dial.Literal(); ok {
		j.rep.Target.Address = a.String()
	}
	j.add(cfg, plan)
	j.ownCredentials(cfg)
	return j
}

// add adds the steps of a plan, none of which has been reached.
func (j *journal) add(cfg Config, plan []Step) {
	for _, step := range plan {
		j.rep.Steps = append(j.rep.Steps, report.StepResult{
			Name: step.Name, Mailbox: step.Mailbox, About: step.About, Outcome: report.NotReached, Planned: step.Why(cfg),
		})
		m := step.Mailbox
		switch t := &j.rep.Target; {
		case step.Name == report.StepLogin:
			t.Username = cfg.Username
		case m.Label != "" && !slices.Contains(t.Mailboxes, m):
			t.Mailboxes = append(t.Mailboxes, m)
		case m.Label == "" && step.Name == report.StepSelect && cfg.Pattern == "":
			t.Mailbox = cfg.Mailbox
		case step.Name == report.StepFetch:
			t.Message = cfg.Message.end()
		}
	}
}

// replan puts another plan in place of the one there was, whose first steps, done
// already, are the same.
func (j *journal) replan(cfg Config, plan []Step, done int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.frozen {
		return
	}
	j.plan, j.rep.Steps = plan, j.rep.Steps[:done:done]
	j.add(cfg, plan[done:])
}

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

func (j *journal) begin(i int) *Recorder {
	rec := &Recorder{journal: j, i: i, start: time.Now()}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.current = rec
	return rec
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

// end says that no step is left: what comes is not the session's time. Nor is what a
// server that has said BYE was then given to close.
func (j *journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended = j.bye; j.ended.IsZero() {
		j.ended = time.Now()
	}
}

// finish closes the report and returns it. A step that is still under way has
// failed by the cause of the context's end.
func (j *journal) finish(ctx context.Context, s *Session) *report.Report {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.ended
	if now.IsZero() {
		now = time.Now()
	}
	if rec := j.current; rec != nil {
		step := &j.rep.Steps[rec.i]
		rec.stamp(step, now)
		step.Outcome = report.Failed
		step.Err = &report.StepError{Step: step.Name, About: step.About, Among: step.Mailbox, Err: cause(ctx), Waiting: rec.waiting}
	}
	j.frozen = true
	j.rep.Elapsed = now.Sub(j.started)
	limit := j.rep.Target.Timeout.Seconds()
	def, _ := report.LookupMetric(report.Time)
	total := report.Metric{Def: def, Value: j.rep.Elapsed.Seconds()}
	if limit > 0 {
		total.Max = &limit
	}
	j.rep.Metrics = slices.Insert(j.rep.Metrics, 0, total)
	j.rep.Transcript = s.conn.Transcript()
	return &j.rep
}
