# The Policy Hosts of .ci/realservers: certificates, nginx, openssl s_server and
# bench/oddservers. It sources this file.

# shellcheck disable=SC2086 # splits the words of cases on purpose

# certify NAME WORD... makes NAME.pem, NAME.key, NAME.rest with the certificates to send
# with it, and NAME.chain with all certificates to send. The words are those of the files
# authorities and hosts; HOST is $host, which is empty for an authority.
certify() {
	local name=$1 word
	shift
	local issuer=intermediate sends=- start=-30 end=60 key=P-256 md= ca=FALSE usage=serverAuth aia=yes
	local subject=/ names=HOST extra=
	if [ -z "$host" ]; then
		issuer=root start=-900 end=900 ca=TRUE usage='' subject="/CN=Bed $name" names=''
	fi
	for word in "$@"; do local "${word%%=*}=${word#*=}"; done
	names=${names//HOST/$host}
	{
		printf 'basicConstraints = critical,CA:%s\nsubjectKeyIdentifier = hash\n' "$ca"
		if [ -z "$host" ] && [ "$ca" != FALSE ]; then echo "keyUsage = critical,keyCertSign,cRLSign"; fi
		[ -z "$usage" ] || echo "extendedKeyUsage = $usage"
		[ -z "$names" ] || echo "subjectAltName = DNS:${names//,/,DNS:}"
		[ "$aia" = no ] || [ "$issuer" = - ] || echo "authorityInfoAccess = caIssuers;URI:http://aia.example.net/$issuer.cer"
		[ -z "$extra" ] || echo "${extra%%=*} = ${extra#*=}"
	} >"$name.ext"
	# Hosts share keys, one of each kind.
	if [ -z "$host" ]; then
		key "$name" ${key//:/ }
	else
		[ -e "key-$key.key" ] || key "key-$key" ${key//:/ }
		cp "key-$key.key" "$name.key"
	fi
	sign "$name" "$issuer" "$subject" "$name.ext" "$(day "$start")" "$(day "$end")"
	case $sends,$issuer in
	-,root | -,-) sends='' ;;
	-,*) sends=$issuer ;;
	esac
	: >"$name.rest"
	for word in ${sends//,/ }; do cat "${word/LEAF/$name}.pem" >>"$name.rest"; done
	cat "$name.pem" "$name.rest" >"$name.chain"
}

make_authorities() {
	local name words host=
	authority
	while IFS=$separator read -r name words; do
		certify "$name" $words
	done < <(fields authorities)
	cat root.pem root-sha1.pem >roots.pem
	openssl genpkey -quiet -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dhparam.pem
}

# site ADDRESS DIRECTIVE... serves $host with nginx, from $work/www/$host.
site() {
	local at=$1 secure=ssl
	shift
	[ "$certificate" != none ] || secure=
	printf 'server { listen %s:443 %s; server_name %s; root %s/www/%s; ' "$at" "$secure" "$host" "$work" "$host"
	[ -z "$secure" ] || printf 'ssl_certificate %s.chain; ssl_certificate_key %s.key; ' "$certificate" "$certificate"
	printf '%s }\n' "$*"
} >>"$work/sites"

good='version: STSv1\r\nmode: enforce\r\nmx: mx.example.net\r\nmax_age: 604800\r\n'
policy() { # COMMAND: writes the policy of $host
	mkdir -p "$work/www/$host/.well-known"
	# shellcheck disable=SC2059
	printf "$good" | bash -c "$1" >"$work/www/$host/.well-known/mta-sts.txt"
}

domain() { # NAME ADDRESS SAYS: the domain NAME.example.com with its host there
	local outcome words
	host=mta-sts.$1.example.com
	read -r outcome words <<<"$3"
	expect "$1.example.com" valid "$outcome" "$words"
	add "$1.example.com" "_mta-sts TXT \"v=STSv1; id=1;\" & @ MX 10 mx.example.net. & mta-sts A $2"
}

# make_hosts makes the cases of policies and hosts, and lists processes to start in $work/processes.
make_hosts() {
	local name change words how says at host certificate server options response n=0 ca=$work/ca
	local filled start='HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
	filled=$(printf '%020000d' 0)
	cd "$ca"
	host=$({ fields names | cut -d "$separator" -f 1; fields policies hosts | sed "s/$separator.*/.example.com/"; } |
		sed 's/^/mta-sts./' | paste -sd,)
	certify shared
	while IFS=$separator read -r name change says; do
		domain "$name" 22.1.0.2 "$says"
		policy "$change"
		certificate=$ca/shared site 22.1.0.2
	done < <(fields policies)
	while IFS=$separator read -r name words how says; do
		n=$((n + 1))
		at=22.1.1.$n
		domain "$name" "$at" "$says"
		policy cat
		case $words in
		- | none) certificate=${words/-/$ca/shared} ;;
		*)
			certify "$name" $words
			certificate=$ca/$name ;;
		esac
		server=${how%% *} options=${how#"$server"}
		options=${options//CERT/$certificate.pem} options=${options//KEY/$certificate.key}
		options=${options//ROOT/$ca/root.pem} options=${options//DHPARAM/$ca/dhparam.pem}
		case $server in
		nginx)
			gzip -9nk "$work/www/$host/.well-known/mta-sts.txt"
			site "$at" "$options" ;;
		openssl | raw)
			response='GOODContent-Length: 68\r\n\r\nPOLICY'
			if [ "$server" = raw ]; then response=${options# } options=''; fi
			response=${response//GOOD/$start} response=${response//FILLED/$filled}
			printf '%b' "${response//POLICY/$good}" >"$work/www/$host/.well-known/mta-sts.txt"
			[ ! -s "$certificate.rest" ] || options="-cert_chain $certificate.rest $options"
			options="-accept $at:443 -cert $certificate.pem -key $certificate.key -HTTP -quiet $options"
			echo "cd $work/www/$host && exec openssl s_server $options >$work/$host.log 2>&1 </dev/null" >>"$work/processes" ;;
		odd) echo "$at:443 ${certificate/none/-} $options" >>"$work/odd-hosts" ;;
		esac
	done < <(fields hosts)
	host=_ # of those that have a name only
	policy cat
	certificate=$ca/shared site 22.1.0.1 "listen [3ffe:5753:1::1]:443 ssl;"
	cd - >/dev/null
}

# serve_hosts starts all servers of policies and waits until they listen.
serve_hosts() {
	local process
	cat >"$work/nginx.conf" <<-END
		daemon off; master_process off; user root; pid $work/nginx.pid; error_log $work/nginx.log;
		events { worker_connections 512; }
		http {
			access_log off; server_names_hash_bucket_size 128; server_tokens off; ssl_protocols TLSv1.2 TLSv1.3;
			client_body_temp_path $work/temp; proxy_temp_path $work/temp; fastcgi_temp_path $work/temp;
			uwsgi_temp_path $work/temp; scgi_temp_path $work/temp;
			types { text/plain txt; }
			include $work/sites;
		}
	END
	nginx -c "$work/nginx.conf" 2>"$work/nginx.start" &
	while read -r process; do bash -c "$process" & done <"$work/processes"
	"$work/oddservers" --dns 22.53.0.9:53 --forwarder 127.0.0.2:53 --resolver 127.0.0.1:53 --hosts "$work/odd-hosts" \
		>"$work/odd" 2>"$work/odd.log" &
	grep -ohE '(accept|listen) [0-9.]+:443' "$work/processes" "$work/sites" | cut -d ' ' -f 2 |
		sort -u >"$work/listening.want"
	for _ in $(seq 300); do
		ss -Hltn sport = 443 | awk '{ print $4 }' | sort -u >"$work/listening"
		[ -n "$(comm -23 "$work/listening.want" "$work/listening")" ] || [ ! -s "$work/odd" ] || return 0
		sleep 0.1
	done
	cat "$work/nginx.start" "$work/odd.log" "$work"/mta-sts.*.log >&2
	fail "not listening: $(comm -23 "$work/listening.want" "$work/listening" | xargs)"
}
