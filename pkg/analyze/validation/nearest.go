package validation

import "strings"

// nearest is the candidate that a misspelt word most likely stands for, ""
// if none is close: at most a third of its letters may be different.
func nearest(word string, candidates []string) string {
	best, least := "", len(word)/3+1
	for _, c := range candidates {
		if d := differences(strings.ToLower(word), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// differences counts the letters to insert, delete or exchange, where two
// neighbours in the wrong order count as one (optimal string alignment).
func differences(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range len(a) {
		for j := range len(b) {
			cost := rows[i][j]
			if a[i] != b[j] {
				cost++
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost = min(cost, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = min(cost, rows[i][j+1]+1, rows[i+1][j]+1)
		}
	}
	return rows[len(a)][len(b)]
}
