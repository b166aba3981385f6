package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"check_imap_session/internal/report"
)

// schema is the version of the JSON form; it changes when a key changes its
// meaning or goes away, not when one is added.
const schema = 1

type jsonReport struct {
	Schema  int    `json:"schema"`
	Version string `json:"version"`
	// Timestamp is when the run began (RFC 3339).
	Timestamp time.Time  `json:"timestamp"`
	Target    jsonTarget `json:"target"`
	State     string     `json:"state"`
	ExitCode  int        `json:"exit_code"`
	Summary   string     `json:"summary"`
	jsonSession
	// Addresses holds the sessions of --all-addresses=worst and any.
	Addresses []jsonAddress `json:"addresses,omitempty"`
}

// jsonSession is what was measured and found in one session.
type jsonSession struct {
	Steps      []jsonStep     `json:"steps"`
	Metrics    []jsonMetric   `json:"metrics"`
	Findings   []jsonFinding  `json:"findings"`
	Remarks    []jsonRemark   `json:"remarks"`
	Facts      map[string]any `json:"facts"`
	Transcript []jsonLine     `json:"transcript,omitempty"`
}

type jsonAddress struct {
	Address string `json:"address"`
	State   string `json:"state"`
	jsonSession
}

type jsonTarget struct {
	Host     string `json:"host"`
	Port     uint16 `json:"port"`
	Address  string `json:"address"`
	TLS      string `json:"tls"`
	Username string `json:"username"`
	Mailbox  string `json:"mailbox"`
	// Mailboxes are those of a session that opens several; Mailbox is "" then.
	Mailboxes []string `json:"mailboxes,omitempty"`
	Demo      string   `json:"demo,omitempty"`
}

type jsonStep struct {
	Name    string   `json:"name"`
	Mailbox string   `json:"mailbox,omitempty"` // the one of several that it is about
	Outcome string   `json:"outcome"`
	Start   *float64 `json:"start_seconds"`
	Seconds *float64 `json:"duration_seconds"`
	Detail  string   `json:"detail,omitempty"`
	Planned string   `json:"planned,omitempty"` // why it is in the plan, for steps that not every session has
	ByHand  string   `json:"by_hand,omitempty"` // what a person types to do the same, for a step that failed
}

type jsonMetric struct {
	Name    string   `json:"name"`
	Mailbox string   `json:"mailbox,omitempty"`
	Value   float64  `json:"value"`
	Unit    string   `json:"unit"`
	Warn    string   `json:"warn"`
	Crit    string   `json:"crit"`
	Min     *float64 `json:"min"`
	Max     *float64 `json:"max"`
	State   string   `json:"state"`
}

type jsonFinding struct {
	State   string `json:"state"`
	Kind    string `json:"kind"`
	Step    string `json:"step"`
	Mailbox string `json:"mailbox,omitempty"`
	Text    string `json:"text"`
	Server  string `json:"server"`
	Advice  string `json:"advice"`
	Metric  string `json:"metric"`
	Address string `json:"address,omitempty"`
}

type jsonRemark struct {
	Step    string `json:"step"`
	Mailbox string `json:"mailbox,omitempty"`
	Text    string `json:"text"`
}

type jsonLine struct {
	At   float64 `json:"at"`
	From string  `json:"from"`
	Text string  `json:"text"`
}

// JSON prints one object with everything that was measured and found. Times
// are in seconds. Its form is documented with its schema version.
func JSON(r *report.Report, v report.Verdict, o Options) []byte {
	room := maxTranscript
	out := o.jsonReport(r, v.State)
	out.Summary, out.jsonSession = Summary(r, v, o), o.session(r, v, &room)
	for i, one := range r.Sessions {
		out.Addresses = append(out.Addresses, jsonAddress{
			Address: one.Target.Address, State: v.Sessions[i].State.String(), jsonSession: o.session(one, v.Sessions[i], &room),
		})
	}
	return encode(out)
}

// emptySession is a session with nothing in it, lists and not null.
func emptySession() jsonSession {
	return jsonSession{Steps: []jsonStep{}, Metrics: []jsonMetric{}, Findings: []jsonFinding{}, Remarks: []jsonRemark{}, Facts: map[string]any{}}
}

// maxTranscript bounds the transcripts of one JSON object, in bytes.
const maxTranscript = 1 << 20

// session returns what a report has for each session. room is how many bytes of
// transcript may still be printed; session takes from it what it prints.
func (o Options) session(r *report.Report, v report.Verdict, room *int) jsonSession {
	out := emptySession()
	for _, s := range r.Steps {
		js := jsonStep{
			Name: s.Name, Mailbox: o.mailbox(s.Mailbox), Outcome: string(s.Outcome),
			Detail: o.value(s.Detail), Planned: s.Planned, ByHand: s.ByHand,
		}
		if ran(s) {
			start, took := micros(s.Start.Seconds()), micros(s.Elapsed.Seconds())
			js.Start, js.Seconds = &start, &took
		}
		out.Steps = append(out.Steps, js)
	}
	for _, m := range v.Metrics {
		jm := jsonMetric{
			Name: m.Def.Name, Mailbox: o.mailbox(m.Mailbox), Value: micros(m.Value), Unit: m.Def.Unit.UOM(),
			Warn: m.Warn, Crit: m.Crit, Max: m.Max, State: m.State.String(),
		}
		if !m.Def.Signed {
			jm.Min = new(float64)
		}
		out.Metrics = append(out.Metrics, jm)
	}
	for _, f := range v.Findings {
		out.Findings = append(out.Findings, o.jsonFinding(f))
	}
	for _, rem := range r.Remarks {
		out.Remarks = append(out.Remarks, jsonRemark{rem.Step, o.mailbox(rem.Mailbox), o.value(rem.Text)})
	}
	for _, f := range r.Facts {
		out.Facts[o.factName(f, Plain)] = o.fact(f, Plain)
	}
	if o.printsTranscript() {
		out.Transcript = o.jsonTranscript(r.Transcript, room)
	}
	return out
}

func (o Options) jsonTranscript(lines []report.Line, room *int) []jsonLine {
	var out []jsonLine
	for _, l := range lines {
		at := micros(l.At.Seconds())
		if *room -= len(l.Text); *room < 0 {
			return append(out, jsonLine{at, "-", fmt.Sprintf("cut here after %d bytes", maxTranscript)})
		}
		if o.late() {
			return append(out, jsonLine{at, "-", noTime})
		}
		out = append(out, jsonLine{at, l.From, strings.Join(o.transcriptText(l, len(l.Text), Plain), "\n")})
	}
	return out
}

// jsonReport returns what a report has once, without the session and the summary.
func (o Options) jsonReport(r *report.Report, state report.State) jsonReport {
	t := r.Target
	var mailboxes []string
	for _, m := range t.Mailboxes {
		mailboxes = append(mailboxes, o.mailbox(m))
	}
	return jsonReport{
		Schema: schema, Version: o.Version, Timestamp: r.Started.UTC().Truncate(time.Millisecond),
		State: state.String(), ExitCode: int(state),
		Target: jsonTarget{Host: Plain(t.Host), Port: t.Port, Address: Plain(t.Address), TLS: t.TLS,
			Username: Plain(t.Username), Mailbox: Plain(t.Mailbox), Mailboxes: mailboxes, Demo: t.Demo},
	}
}

// JSONMessage is Message in the JSON form.
func JSONMessage(r *report.Report, f report.Finding, o Options) []byte {
	out := o.jsonReport(r, f.State)
	line, _ := o.messageLine(f)
	out.Summary = cut(line, maxLine)
	out.jsonSession = emptySession()
	out.Findings = []jsonFinding{o.jsonFinding(f)}
	return encode(out)
}

func (o Options) jsonFinding(f report.Finding) jsonFinding {
	server := ""
	if f.Server != "" {
		server = o.upTo(f.Server, maxQuoted, func(s string) string { return quoted(s, Plain) })
	}
	return jsonFinding{
		State: f.State.String(), Kind: f.Kind, Step: f.Step, Mailbox: o.mailbox(f.Mailbox),
		Text: o.value(f.Text), Server: server, Advice: f.Advice, Metric: f.Metric, Address: f.Address,
	}
}

// mailbox returns the name of a mailbox for a string of JSON.
func (o Options) mailbox(m report.Mailbox) string { return o.value(m.Shown()) }

// value returns text for a string of JSON.
func (o Options) value(s string) string { return o.ours(s, Plain) }

func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil { // no value of ours can do that
		return []byte(`{"schema":1,"state":"UNKNOWN","exit_code":3}` + "\n")
	}
	// encoding/json escapes <, > and &, so that the object can be part of a web page. A
	// scheduler that reads it would take what follows | for performance data.
	out = bytes.ReplaceAll(out, []byte("|"), []byte(`\u007c`))
	return append(out, '\n')
}

// micros rounds to six decimals, the precision of the perfdata.
func micros(f float64) float64 { return math.Round(f*1e6) / 1e6 }
