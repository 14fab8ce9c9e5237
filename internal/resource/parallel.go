package resource

import (
	"runtime"
	"sync"
)

// Parallel calls f for 0 to n-1 on all cores, in runs long enough that
// starting one does not count.
func Parallel(n int, f func(i int)) {
	inRuns(n, func(from, to int) {
		for i := from; i < to; i++ {
			f(i)
		}
	})
}

// inRuns calls f for parts of 0 to n-1, on all cores. If f panics, so does
// inRuns, once all others have returned: a panic that stays on another
// goroutine would end the program.
func inRuns(n int, f func(from, to int)) {
	const run = 64
	if n <= run {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var once sync.Once
	var panicked any
	for from := 0; from < n; from += run {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					once.Do(func() { panicked = r })
				}
				<-slots
			}()
			f(from, min(from+run, n))
		})
	}
	wg.Wait()
	if panicked != nil {
		panic(panicked)
	}
}
