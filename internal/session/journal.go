package session

import (
	"context"
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

func newJournal(cfg *Config, plan []Step) *journal {
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
func (j *journal) add(cfg *Config, plan []Step) {
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
func (j *journal) replan(cfg *Config, plan []Step, done int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.frozen {
		return
	}
	j.plan, j.rep.Steps = plan, j.rep.Steps[:done:done]
	j.add(cfg, plan[done:])
}

// begin returns the Recorder of the step that begins now.
func (j *journal) begin(i int) *Recorder {
	rec := &Recorder{journal: j, i: i, start: time.Now()}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.current = rec
	return rec
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
