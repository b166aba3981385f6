package session

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"check_imap_session/internal/report"
)

// atOnce is how many addresses are checked at the same time.
const atOnce = 4

// RunAll runs a session with every address of the host, each by itself and at
// most four at a time, all under ctx; of more than four each has its share of
// the time. The Report holds what they have in common, resolving the name, and
// their reports in the order of the addresses. mode is "worst" or "any", for
// judge. Like Run it never fails.
func RunAll(ctx context.Context, cfg Config, plan []Step, mode string) *report.Report {
	cfg = cfg.withRoots()
	if cfg.TLS != TLSNone {
		cfg.Cert.Roots.Preload()
	}
	var top *report.Report
	var addrs []netip.Addr
	if a, ok := cfg.Dial.Literal(); ok {
		top = Run(ctx, cfg, nil)
		addrs = []netip.Addr{a}
	} else {
		top = Run(ctx, cfg, plan[:1]) // dns
		for _, word := range asWords(top.Fact("addresses")) {
			if a, err := netip.ParseAddr(word); err == nil {
				addrs = append(addrs, a)
			}
		}
	}
	top.Target.Addresses = mode
	if len(addrs) == 0 {
		for _, step := range plan[1:] {
			top.Steps = append(top.Steps, report.StepResult{Name: step.Name, About: step.About, Outcome: report.NotReached})
		}
		return top
	}
	top.Sessions = make([]*report.Report, len(addrs))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, a := range addrs {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := turn(ctx, len(addrs)-i)
			defer cancel()
			one := cfg
			one.Dial.Address = a
			steps, _ := Plan(one) // the same plan without dns: its error would have shown before
			top.Sessions[i] = Run(ctx, one, steps)
		})
	}
	wg.Wait()
	return closeTop(top)
}

// turn limits one session to its share of the time that is left when it and
// those behind it, left in all, take turns. So addresses that hang do not take
// the time of those that wait behind them; up to four have all of it.
func turn(ctx context.Context, left int) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	rounds := (left + atOnce - 1) / atOnce
	if !ok || rounds < 2 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, time.Until(end)/time.Duration(rounds), report.ErrTimeout)
}

// closeTop brings what stands above the sessions up to date with them.
func closeTop(top *report.Report) *report.Report {
	top.Elapsed = time.Since(top.Started)
	for i := range top.Metrics {
		if top.Metrics[i].Def.Name == report.Time {
			top.Metrics[i].Value = top.Elapsed.Seconds()
		}
	}
	first := top.Sessions[0].Target
	top.Target.Username, top.Target.Mailbox, top.Target.Address = first.Username, first.Mailbox, ""
	return top
}

func asWords(v any) []string {
	words, _ := v.([]string)
	return words
}
