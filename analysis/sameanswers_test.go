package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
)

// The same rows give the same answers, octet by octet, in whatever order and parts they are, and
// however many threads there are.
func TestSameAnswers(t *testing.T) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	scratch := open(t)
	first := make(map[string][]string)
	for turn := range 10 {
		order := rand.New(rand.NewPCG(uint64(turn), 4))
		var nights []string
		for n := range 3 {
			nights = append(nights, filepath.Join(t.TempDir(), fmt.Sprint("night-", n)))
			run := newDoubtful(600, uint64(n), 3)
			numbers := order.Perm(len(run))
			for part := range turn%3 + 1 {
				size := len(numbers) / (turn%3 + 1)
				run.write(t, scratch, nights[n], part, numbers[part*size:(part+1)*size])
			}
			writeRunJSON(t, nights[n], n+1)
		}
		answers := answerAll(t, queries, StoreConfig{Threads: []int{1, 2, 4}[turn%3]}, nights...)
		for _, q := range queries {
			var lines []string
			for i := range answers[q.Name].Rows {
				line, err := json.Marshal(answers[q.Name].Rows[i])
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, string(line))
			}
			if turn == 0 {
				first[q.Name] = lines
			}
			if !slices.Equal(lines, first[q.Name]) {
				t.Errorf("%s.sql answers otherwise, or in another order, in turn %d: %q, and first %q",
					q.Name, turn, less(lines, first[q.Name]), less(first[q.Name], lines))
			}
		}
	}
}
