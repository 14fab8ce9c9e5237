package resource

import "strings"

// Nearest gives the known word that a mistyped one most likely stands for, ""
// if none is close: equal but for case, containing it, or at most a third of
// its letters off.
func Nearest(word string, known []string) string {
	word = strings.ToLower(word)
	best, bestDistance := "", len(word)/3+1
	for _, k := range known {
		lower := strings.ToLower(k)
		d := Distance(word, lower)
		if d > 1 && len(word) > 2 && strings.Contains(lower, word) {
			d = 1
		}
		if d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// Distance counts the letters to insert, delete or exchange to get from one word to the other.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
