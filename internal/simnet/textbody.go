package simnet

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strconv"
	"strings"
)

// bodyFault takes what follows body: the one play, or one of several changes.
func (s *site) bodyFault(host, rest string) (subject string, err error) {
	word, argument, _ := strings.Cut(rest, " ")
	argument = strings.TrimSpace(argument)
	switch word {
	case "crlf":
		body := bytes.ReplaceAll(s.body, []byte("\r\n"), []byte("\n"))
		s.body = bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
	case "no-final-line-end":
		s.body = bytes.TrimRight(s.body, "\r\n")
	case "gzip":
		s.body, err = zipped(s.body)
		s.header = append(s.header, [2]string{"Content-Encoding", "gzip"})
	case "encoding":
		if argument == "" {
			return "", fmt.Errorf("encoding needs a name")
		}
		s.header = append(s.header, [2]string{"Content-Encoding", argument})
		return "", nil
	case "size":
		s.body, err = padded(s.body, argument)
		return "", err
	case "cut":
		n, err := strconv.Atoi(argument)
		if err != nil || n < 0 || n > len(s.body) {
			return "", fmt.Errorf("cut needs a number of octets up to the %d of the body: %q", len(s.body), argument)
		}
		s.body = s.body[:n:n]
		return "", nil
	case "prefix", "suffix", "text":
		added, err := strconv.Unquote(argument)
		if err != nil {
			return "", fmt.Errorf("%s needs a string in quotes, as Go writes it: %s", word, argument)
		}
		switch word {
		case "prefix":
			s.body = append([]byte(added), s.body...)
		case "text":
			s.body = []byte(added)
		default:
			s.body = append(bytes.Clone(s.body), added...)
		}
		return "", nil
	default:
		s.bodyPlay, err = parseWord[bodyPlay]("body play", word, bodyWords())
		if err != nil {
			err = fmt.Errorf("%w; or crlf, no-final-line-end, gzip, encoding, size, cut, text, prefix, suffix", err)
		}
		subject = host + " body play"
	}
	if err == nil && argument != "" {
		err = fmt.Errorf("unknown words %q", argument)
	}
	return subject, err
}

func zipped(body []byte) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write(body); err != nil {
		return nil, err
	}
	err := zip.Close()
	return out.Bytes(), err
}

// padded adds extension fields, each of its own name and with the line end of the policy, until the body has
// exactly as many octets as asked for.
func padded(body []byte, size string) ([]byte, error) {
	want, err := strconv.Atoi(size)
	if err != nil || want > 1<<24 {
		return nil, fmt.Errorf("size needs a number of octets up to 16777216: %q", size)
	}
	const full = 1000 // octets of a line, so that no reader of lines is tried
	end := "\n"
	if bytes.Contains(body, []byte("\r\n")) {
		end = "\r\n"
	}
	if len(body) == 0 || !bytes.HasSuffix(body, []byte(end)) {
		return nil, fmt.Errorf("size needs a policy that ends with a line end")
	}
	body = bytes.Clone(body)
	for i := 0; len(body) < want; i++ {
		name := fmt.Sprintf("padding-%05d: ", i)
		room := want - len(body)
		least := len(name) + 1 + len(end)
		if room >= full+least {
			room = full
		}
		if room < least {
			return nil, fmt.Errorf("%d octets are too few for a padding line in %d", room, want)
		}
		body = append(body, name...)
		body = append(body, bytes.Repeat([]byte("x"), room-len(name)-len(end))...)
		body = append(body, end...)
	}
	if len(body) != want {
		return nil, fmt.Errorf("the policy has %d octets already, more than %d", len(body), want)
	}
	return body, nil
}
