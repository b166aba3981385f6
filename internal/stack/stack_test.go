package stack

import (
	"runtime/metrics"
	"sync"
	"testing"
)

// TestGo looks at the memory of all stacks, which grows by 32 KiB for each
// goroutine that Go begins, and would by 2 KiB. Some stacks of others may be
// given back meanwhile.
func TestGo(t *testing.T) {
	const goroutines = 1000
	var begun, ended sync.WaitGroup
	end := make(chan struct{})
	before := stacks()
	for range goroutines {
		begun.Add(1)
		ended.Add(1)
		Go(func() { begun.Done(); <-end; ended.Done() })
	}
	begun.Wait()
	grown := stacks() - before
	close(end)
	ended.Wait()
	if want := int64(goroutines * 24 << 10); grown < want {
		t.Errorf("%d goroutines took %d bytes of stacks, want at least %d", goroutines, grown, want)
	}
}

func stacks() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
