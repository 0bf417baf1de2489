package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
)

// identity says what changes the meaning of a row beside its input: the Internet asked, the roots trusted, and
// the questions asked. All parts of a run share it. Defaults are left out, and so is how often and how long
// to ask.
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
	if j.flags.vantage != "" {
		words = append(words, "--vantage "+string(j.flags.vantage))
	}
	return strings.Join(words, ", "), nil
}
