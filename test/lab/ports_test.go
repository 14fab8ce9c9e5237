package lab

import "testing"

// Labs that choose ports at the same moment, and listen on them later, never
// choose the same.
func TestLabsDoNotShareAPort(t *testing.T) {
	var labs [8]ports
	owner := map[int]int{}
	for range 150 { // more than one block each
		for i := range labs {
			port, err := labs[i].next()
			if err != nil {
				t.Fatal(err)
			}
			if other, taken := owner[port]; taken {
				t.Fatalf("labs %d and %d both have port %d", other, i, port)
			}
			owner[port] = i
		}
	}
	for i := range labs {
		labs[i].close()
	}
}
