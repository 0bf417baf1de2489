package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
)

// meaning is, in words, what changes the meaning of a row beside its input: which
// Internet was asked, whose certificates were trusted, and what was asked of
// whom. Parts of one run have it in common; what is as usual is not said. How
// long and how often is asked changes no meaning.
func (j *scanJob) meaning() (string, error) {
	var words []string
	if j.network.sim != "" {
		words = append(words, fmt.Sprintf("simulated Internet %s, seed %d", j.network.sim, j.network.seed))
		if j.network.night != 0 {
			words = append(words, fmt.Sprintf("night %d", j.network.night))
		}
	}
	if j.network.roots != "" {
		pem, err := os.ReadFile(j.network.roots)
		if err != nil {
			return "", err
		}
		words = append(words, fmt.Sprintf("roots of SHA-256 %x", sha256.Sum256(pem)))
	}
	for _, flag := range []struct{ name, value, usual string }{
		{"--mx", j.mailSide.mx, "record"}, {"--tlsrpt", j.mailSide.tlsrpt, "record"}, {"--dane", j.mailSide.dane, "record"},
		{"--vantage", j.vantage, ""},
	} {
		if flag.value != "" && flag.value != flag.usual {
			words = append(words, flag.name+" "+flag.value)
		}
	}
	if j.mailSide.probe {
		words = append(words, "--probe-mx")
	}
	return strings.Join(words, ", "), nil
}
