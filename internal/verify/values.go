package verify

import (
	"fmt"
	"strconv"
)

// null is how people read NULL.
const null = "NULL"

func number(n *int64) string {
	if n == nil {
		return null
	}
	return strconv.FormatInt(*n, 10)
}

func truth(b *bool) string {
	if b == nil {
		return null
	}
	return strconv.FormatBool(*b)
}

// quoted is a text column as people read it.
func quoted(s string) string {
	if s == "" {
		return null
	}
	return fmt.Sprintf("%+q", s)
}
