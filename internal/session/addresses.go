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
// most four at a time, all under ctx. The Report holds what they have in common,
// resolving the name, and their reports in the order of the addresses. mode is
// "worst" or "any", for judge. Like Run it never fails.
func RunAll(ctx context.Context, cfg Config, plan []Step, mode string) *report.Report {
	cfg = cfg.withDefaults()
	cfg.Cert.Roots.Preload()
	top := &report.Report{Started: time.Now()}
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
			top.Steps = append(top.Steps, report.StepResult{Name: step.Name, Outcome: report.NotReached})
		}
		return top
	}
	top.Sessions = make([]*report.Report, len(addrs))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, a := range addrs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			one := cfg
			one.Dial.Address = a
			steps, _ := Plan(one) // the same plan without dns: its error would have shown before
			top.Sessions[i] = Run(ctx, one, steps)
		})
	}
	wg.Wait()
	return closeTop(top)
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
