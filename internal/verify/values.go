package verify

import (
	"fmt"
	"strconv"
)

// null stands for NULL in texts for people.
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

// quoted is the value of a text column, for people.
func quoted(s string) string {
	if s == "" {
		return null
	}
	return fmt.Sprintf("%+q", s)
}
