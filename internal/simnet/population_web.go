package simnet

import (
	"bytes"
	"compress/gzip"
	"strings"

	"stsscan/internal/codes"
)

// maxBody is the most that a policy may have, in octets (section 3.3).
const maxBody = 64 << 10

// site says what the web server behind a name does. Only the policy host itself has a policy; the target of a
// redirect has one too, which clients must not follow.
func (p *population) site(sni string) site {
	role, domain := p.parseName(sni)
	if bare, ok := strings.CutPrefix(domain, redirectLabel); ok && role == roleDomain {
		if f := p.fateOf(bare); p.status(&f)/100 == 3 {
			text := p.policyOf(&f)
			return site{domain: bare, body: text.body()}
		}
	}
	if role != roleHost || sni != hostLabel+domain {
		return site{status: statusNotFound}
	}
	f := p.fateOf(domain)
	s := f.story
	d := f.draw
	w := site{
		tls: s.tls, hoster: p.hoster(&f), domain: domain, status: p.status(&f), bodyPlay: s.body, delay: s.delay,
		header: [][2]string{{"Server", pick(d, forServer, "nginx", "cloudflare", "Apache", "Caddy", "Microsoft-IIS/10.0")}},
	}
	if w.tls == tlsGood && d.chance(forCertificate, 0.15) {
		w.tls = tlsWildcard
	}
	if !f.bears {
		w.status = statusNotFound
		return w
	}
	if w.bodyPlay == bodyContentLength && s.size == sizeNatural {
		w.bodyPlay = drawnFraming(d)
	}
	w.header = append(w.header, s.header...)
	switch {
	case w.status == statusOK || w.status/100 == 2:
		text := p.policyOf(&f)
		w.header = append(w.header, mediaType(&f)...)
		w.body = s.size.fit(text.body(), &w)
	case w.status/100 == 3:
		w.header = append(w.header, [2]string{"Location", "https://" + redirectLabel + domain + policyPath})
	case s.denied:
		w.header = append(w.header, contentType("text/plain; charset=UTF-8")...)
		w.body = []byte("error code: " + pick(d, forVariant, "1005", "1010", "1015", "1020"))
	default:
		w.header = append(w.header, [2]string{"Content-Type", "text/html"})
		w.body = []byte("<html><body>" + statusText(w.status) + "</body></html>\n")
		if s.filtered {
			w.body = challenge(d)
		}
	}
	return w
}

// challenge is the page of one of the usual filters.
func challenge(d draw) []byte {
	return []byte(pick(d, forVariant,
		"<!DOCTYPE html><title>Just a moment...</title><script src=\"/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1\"></script>\n",
		"<!DOCTYPE html><title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>\n",
		"<html><iframe src=\"/_Incapsula_Resource?CWUDNSAI=9\">Request unsuccessful. Incapsula incident ID: 1-1</iframe></html>\n",
		"<HTML><H1>Access Denied</H1>Reference #18.1 https://errors.edgesuite.net/18.1</HTML>\n",
		"<html><title>Sucuri WebSite Firewall - Access Denied</title></html>\n",
		"<html>The requested URL was rejected. Please consult with your administrator.</html>\n"))
}

const redirectLabel = "www."

// status is the HTTP status of the policy host.
func (p *population) status(f *fate) int {
	if len(f.story.status) == 0 {
		return statusOK
	}
	return pick(f.draw, forSite, f.story.status...)
}

// hoster has the names in a certificate that is not for the domain.
func (p *population) hoster(f *fate) string {
	if f.operator != nil && f.operator.hoster != "" {
		return f.operator.hoster
	}
	return pick(f.draw, forHoster, "hosting.example.net", "cloud.example.org", "panel.example.com", "cdn.example.net")
}

// drawnFraming draws how the end of a good body is marked (a guess).
func drawnFraming(d draw) bodyPlay {
	switch u := d.unit(forFraming); {
	case u < 0.15:
		return bodyChunked
	case u < 0.17:
		return bodyClose
	}
	return bodyContentLength
}

// mediaType draws the Content-Type of a policy (a guess): nearly always as section 3.2 wants it. An empty one
// is left out. Stories may say otherwise.
func mediaType(f *fate) [][2]string {
	for _, h := range f.story.header {
		if h[0] == "Content-Type" {
			return nil
		}
	}
	types := []string{
		"text/plain", "text/plain; charset=utf-8", "text/plain;charset=UTF-8", "application/octet-stream",
		"text/html; charset=utf-8", "text/plain; charset=iso-8859-1", "",
	}
	return [][2]string{{"Content-Type", types[newWheel(62, 28, 5, 2, 1, 1, 1).at(f.draw.unit(forMediaType))]}}
}

// mediaFindings is what is odd about the Content-Type of a response with a policy, or with what should be one.
func mediaFindings(f *fate) (found []codes.Finding) {
	end := f.story.end
	if !end.readsPolicy() && end.stage != codes.StageBody {
		return nil
	}
	for _, field := range append(mediaType(f), f.story.header...) {
		switch value := field[1]; {
		case field[0] != "Content-Type":
		case value == "":
			found = append(found, codes.FindMediaTypeMissing)
		case !strings.HasPrefix(value, "text/plain"):
			found = append(found, codes.FindMediaTypeOther)
		case strings.HasSuffix(value, "charset=iso-8859-1"):
			found = append(found, codes.FindCharsetOther)
		}
	}
	return found
}

// readingOf is the reading of a domain's texts. Most senders refuse a policy that is served as anything but
// text/plain.
func (p *population) readingOf(f *fate) reading {
	end := f.story.end
	if !end.readsPolicy() {
		return end.reading
	}
	for _, finding := range mediaFindings(f) {
		if finding != codes.FindCharsetOther {
			return readByNone
		}
	}
	return end.reading
}

// fit makes a body as long as the story wants it.
func (s sizePlay) fit(body []byte, w *site) []byte {
	switch s {
	case sizeFull:
		return lengthened(body, maxBody)
	case sizeOver:
		return lengthened(body, maxBody+1+len(body))
	case sizeGzip:
		w.header = append(w.header, [2]string{"Content-Encoding", "gzip"})
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		zip.Write(body)
		zip.Close()
		return out.Bytes()
	}
	return body
}

// lengthened fills up a policy with extensions to exactly size octets.
func lengthened(body []byte, size int) []byte {
	const line = 1000
	if !bytes.HasSuffix(body, []byte("\n")) {
		body = append(body, '\n')
	}
	for rest := size - len(body); rest > 0; rest = size - len(body) {
		n := rest
		if rest > 2*line {
			n = line
		}
		body = append(body, "padding: "+strings.Repeat("x", n-len("padding: \n"))+"\n"...)
	}
	return body
}
