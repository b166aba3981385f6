package session

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"check_imap_session/internal/client"
	"check_imap_session/internal/report"
)

// atOnce is how many addresses are checked at the same time.
const atOnce = 4

// transcripts bounds those of all addresses together, in bytes.
const transcripts = 4 << 20

// secondAnswer is how long the answer for the second family is waited for: where
// every address counts, one family must not go unchecked because its answer is slow.
const secondAnswer = time.Second

// RunAll runs a session with every address of the host, each by itself and at
// most four at a time, all under ctx; of more than four each has its share of
// the time, and what others leave of theirs. The Report holds what they have in
// common, resolving the name, and their reports in the order of the addresses.
// mode is "worst" or "any", for judge. Like Run it never fails.
func RunAll(ctx context.Context, cfg Config, plan []Step, mode string) *report.Report {
	cfg = cfg.withRoots()
	cfg.preloadRoots()
	top, addrs := resolveAll(ctx, cfg, plan)
	top.Target.Addresses = mode
	if len(addrs) == 0 {
		whole := newJournal(&cfg, plan).rep // as a check of one session that ends here
		top.Target, top.Steps = whole.Target, append(top.Steps, whole.Steps[1:]...)
		top.Target.Addresses = mode
		return top
	}
	cfg.logins = newLogins()
	top.Sessions = make([]*report.Report, len(addrs))
	slots := make(chan struct{}, atOnce)
	var waiting atomic.Int32 // addresses whose session has not begun
	waiting.Store(int32(len(addrs)))
	var wg sync.WaitGroup
	for i, a := range addrs {
		slots <- struct{}{}
		one := cfg
		one.part = true
		one.transcriptMax = transcripts / len(addrs)
		one.Dial.Address = a
		steps, _ := Plan(one) // the same plan without dns: its error would have shown before
		if ctx.Err() != nil {
			top.Sessions[i] = notBegun(ctx, one, steps)
			<-slots
			continue
		}
		left := int(waiting.Add(-1)) + 1
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := turn(ctx, left, &waiting)
			defer cancel(nil)
			top.Sessions[i] = Run(ctx, one, steps)
		})
	}
	wg.Wait()
	return closeTop(top)
}

// resolveAll returns the addresses of the host, and the report on finding them.
func resolveAll(ctx context.Context, cfg Config, plan []Step) (top *report.Report, addrs []netip.Addr) {
	if a, ok := cfg.Dial.Literal(); ok {
		return Run(ctx, cfg, nil), []netip.Addr{a}
	}
	cfg.Dial.SecondAnswer = secondAnswer
	top = Run(ctx, cfg, plan[:1]) // dns
	words, _ := top.Fact("addresses").([]string)
	for _, word := range words {
		if a, err := netip.ParseAddr(word); err == nil {
			addrs = append(addrs, a)
		}
	}
	return top, addrs
}

// notBegun is the report of an address for which no time was left.
func notBegun(ctx context.Context, cfg Config, plan []Step) *report.Report {
	s := &Session{cfg: cfg, plan: plan, conn: &client.Conn{}}
	j := newJournal(&cfg, plan)
	j.begin(0).Waiting("its turn: four addresses are checked at a time")
	return j.finish(ctx, s)
}

// turn ends a session when its share of the time is over and others still wait
// for their turn: the time that was left when it began, divided by the rounds that
// it and those behind it, left in all, need. So addresses that hang do not take
// the time of those behind them, and where nobody waits the time is that of the
// whole run.
func turn(ctx context.Context, left int, waiting *atomic.Int32) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	end, ok := ctx.Deadline()
	rounds := (left + atOnce - 1) / atOnce
	if !ok || rounds < 2 {
		return ctx, cancel
	}
	share := time.AfterFunc(time.Until(end)/time.Duration(rounds), func() {
		if waiting.Load() > 0 {
			cancel(report.ErrTimeout)
		}
	})
	context.AfterFunc(ctx, func() { share.Stop() })
	return ctx, cancel
}

// closeTop brings what stands above the sessions up to date with them.
func closeTop(top *report.Report) *report.Report {
	top.Elapsed = time.Since(top.Started)
	for i := range top.Metrics {
		if top.Metrics[i].Def.Name == report.Time {
			top.Metrics[i].Value = top.Elapsed.Seconds()
		}
	}
	compareNodes(top)
	first := top.Sessions[0].Target
	top.Target.Username, top.Target.Mailbox, top.Target.Mailboxes, top.Target.Address = first.Username, first.Mailbox, first.Mailboxes, ""
	return top
}
