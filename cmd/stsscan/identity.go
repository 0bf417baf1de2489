package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
)

// identity is, in words, what changes the identity of a row beside its input: which
// Internet was asked, whose certificates were trusted, and what was asked of
// whom. Parts of one run have it in common; what is as usual is not said. How
// long and how often is asked changes no identity.
func (j *scanJob) identity() (string, error) {
	var words []string
	if j.flags.network.sim != "" {
		words = append(words, fmt.Sprintf("simulated Internet %s, seed %d", j.flags.network.sim, j.flags.network.seed))
		if j.flags.network.night != 0 {
			words = append(words, fmt.Sprintf("night %d", j.flags.network.night))
		}
	}
	if j.flags.network.roots != "" {
		pem, err := os.ReadFile(j.flags.network.roots)
		if err != nil {
			return "", err
		}
		words = append(words, fmt.Sprintf("roots of SHA-256 %x", sha256.Sum256(pem)))
	}
	for _, flag := range []struct{ name, value string }{
		{"--mx", j.flags.mail.mx}, {"--tlsrpt", j.flags.mail.tlsrpt}, {"--dane", j.flags.mail.dane},
	} {
		if flag.value != "" && flag.value != extentRecord {
			words = append(words, flag.name+" "+flag.value)
		}
	}
	if j.flags.mail.probe {
		words = append(words, "--probe-mx")
	}
	return strings.Join(words, ", "), nil
}
