package simnet

// HTTP status codes (RFC 9110, section 15) that mean something here. Package net/http has them too, but a world
// does not import the scanner's own implementation.
const (
	statusOK               = 200
	statusNoContent        = 204
	statusNotModified      = 304
	statusNotFound         = 404
	statusMethodNotAllowed = 405
	statusMisdirected      = 421
)

// statusText is the reason phrase of the usual codes, for people; it may be empty (RFC 9112, section 4).
func statusText(status int) string {
	switch status {
	case statusOK:
		return "OK"
	case 201:
		return "Created"
	case 202:
		return "Accepted"
	case 203:
		return "Non-Authoritative Information"
	case statusNoContent:
		return "No Content"
	case 206:
		return "Partial Content"
	case 301:
		return "Moved Permanently"
	case 302:
		return "Found"
	case 303:
		return "See Other"
	case statusNotModified:
		return "Not Modified"
	case 307:
		return "Temporary Redirect"
	case 308:
		return "Permanent Redirect"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case statusNotFound:
		return "Not Found"
	case statusMethodNotAllowed:
		return "Method Not Allowed"
	case 410:
		return "Gone"
	case statusMisdirected:
		return "Misdirected Request"
	case 429:
		return "Too Many Requests"
	case 500:
		return "Internal Server Error"
	case 501:
		return "Not Implemented"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	case 504:
		return "Gateway Timeout"
	}
	return ""
}
