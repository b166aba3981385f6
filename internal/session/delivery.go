package session

import (
	"fmt"
	"time"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// Delivery is the value of --with that measures how long the fetched message was on
// its way. It is not a step: the header fields come with FETCH.
const Delivery = "delivery"

// MeasuresDelivery says whether somebody asks how the message was delivered.
func (c *Config) MeasuresDelivery() bool {
	return c.With[Delivery] || c.hasThreshold(report.DeliveryTime, report.DeliveryHops)
}

// traceFields are the header fields that tell how a message was delivered.
var traceFields = []string{"DATE", "RECEIVED"}

// point is a moment on the way of a message.
type point struct {
	where string // marked where it is foreign
	at    time.Time
}

// route returns the moments on the way of a message, the first one first. A host puts
// its Received field above those that are there already (RFC 5321 section 4.4).
func route(hops []hop) []point {
	var way []point
	for i := len(hops) - 1; i >= 0; i-- {
		if h := hops[i]; !h.at.IsZero() {
			where := report.Foreign(h.by)
			if where == "" {
				where = fmt.Sprintf("hop %d", len(hops)-i)
			}
			way = append(way, point{where, h.at})
		}
	}
	return way
}

// delivered records how long the message took from its sender to the mailbox, by what
// its own header says. Anybody may have written that: none of it is a failure.
func (s *Session) delivered(rec *Recorder, got *client.FetchData) {
	if !s.cfg.MeasuresDelivery() {
		rec.Absent(notAsked, report.DeliveryTime, report.DeliveryHops)
		return
	}
	if !got.HasHeader {
		s.unmeasured(rec, "the answer to FETCH does not have the header fields Date and Received", report.DeliveryTime, report.DeliveryHops)
		return
	}
	var hops []hop
	for _, v := range headerValues(got.Header, "Received") {
		hops = append(hops, parseReceived(v))
	}
	cut := len(got.Header) >= client.MaxHeader // the first hop may stand behind that
	tooLong := fmt.Sprintf("the header fields are longer than %d bytes", client.MaxHeader)
	if cut {
		s.unmeasured(rec, tooLong, report.DeliveryHops)
	} else {
		rec.Metric(report.DeliveryHops, float64(len(hops)))
	}
	way := route(hops)
	var sent time.Time
	if dates := headerValues(got.Header, "Date"); len(dates) > 0 {
		sent = parseMailDate(dates[0])
	}
	byDate := !sent.IsZero() && (len(hops) == 0 || s.cfg.Message.Header != "")
	if byDate {
		way = append([]point{{"the sender", sent}}, way...)
	}
	switch {
	case got.InternalDate.IsZero():
		s.unmeasured(rec, "the answer to FETCH has no INTERNALDATE that can be read", report.DeliveryTime)
	case cut && !byDate:
		s.unmeasured(rec, tooLong, report.DeliveryTime)
	case len(way) == 0:
		s.unmeasured(rec, "the message has no date in Received or Date that can be read", report.DeliveryTime)
	default:
		recordDelivery(rec, append(way, point{"the mailbox", got.InternalDate}))
	}
}

// recordDelivery records the time between the first and the last of the points, and
// the two of them between which most of it went by.
func recordDelivery(rec *Recorder, way []point) {
	first, last := way[0], way[len(way)-1]
	rec.Fact("delivery_start", first.at.Format(time.RFC3339))
	took := last.at.Sub(first.at)
	if took < 0 {
		rec.Remark(fmt.Sprintf("by its own header the message was sent %s after it came in: the clocks on its way differ", report.Roughly(-took)))
	}
	if took < -clockSlack {
		rec.Absent(report.ClocksDiffer, report.DeliveryTime)
		return
	}
	rec.Metric(report.DeliveryTime, max(took, 0).Seconds())
	var slowest time.Duration
	var backward string
	for i, p := range way[1:] {
		d := p.at.Sub(way[i].at)
		between := "between " + way[i].where + " and " + p.where
		if d > slowest {
			slowest = d
			rec.Fact("delivery_slowest_hop", report.Lasting(d.Seconds())+" "+between)
		}
		if d < -clockSlack && backward == "" {
			backward = fmt.Sprintf("the message went back %s in time %s: their clocks differ", report.Roughly(-d), between)
		}
	}
	if backward != "" {
		rec.Remark(backward)
	}
}
