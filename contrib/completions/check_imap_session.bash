# Made by check_imap_session --generate=bash; do not edit.
_check_imap_session() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	# bash splits --flag=value at the =.
	if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
	COMPREPLY=()
	case $prev in
	-H | --hostname)
		return ;;
	--address)
		return ;;
	-p | --port)
		return ;;
	--all-addresses)
		mapfile -t COMPREPLY < <(compgen -W "worst any" -- "$cur")
		return ;;
	--source)
		return ;;
	--proxy-protocol)
		mapfile -t COMPREPLY < <(compgen -W "v1 v2" -- "$cur")
		return ;;
	-t | --timeout)
		return ;;
	--tls)
		mapfile -t COMPREPLY < <(compgen -W "implicit starttls none" -- "$cur")
		return ;;
	--server-name)
		return ;;
	--ca-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--client-cert)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--client-key)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--tls-min)
		mapfile -t COMPREPLY < <(compgen -W "1.0 1.1 1.2 1.3" -- "$cur")
		return ;;
	--certificate-key)
		mapfile -t COMPREPLY < <(compgen -W "rsa ecdsa" -- "$cur")
		return ;;
	-D | --certificate)
		return ;;
	--expect-certificate)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-U | --username)
		return ;;
	--authzid)
		return ;;
	--password-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--password-command)
		return ;;
	-P | --password)
		return ;;
	--auth)
		mapfile -t COMPREPLY < <(compgen -W "auto login plain cram-md5 scram-sha-1 scram-sha-256 scram-sha-256-plus xoauth2 oauthbearer external none" -- "$cur")
		return ;;
	--lockout-guard)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--lockout-wait)
		return ;;
	--oauth-token-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--oauth-token-command)
		return ;;
	--oauth-token-url)
		return ;;
	--oauth-client-id)
		return ;;
	--oauth-client-secret-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--oauth-client-cert)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--oauth-client-key)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--oauth-service-account)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--oauth-client-secret-expires)
		return ;;
	--oauth-scope)
		return ;;
	--oauth-refresh-token-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--oauth-cache)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--oauth-proxy)
		return ;;
	-m | --mailbox)
		return ;;
	--mailboxes)
		return ;;
	--list)
		return ;;
	--list-reference)
		return ;;
	--message)
		return ;;
	--fetch)
		mapfile -t COMPREPLY < <(compgen -W "headers envelope body" -- "$cur")
		return ;;
	--fetch-limit)
		return ;;
	--search)
		return ;;
	--append)
		return ;;
	--until)
		mapfile -t COMPREPLY < <(compgen -W "dns connect tls greeting starttls capability token login id noop namespace list mailboxes rights quota status select search fetch idle append logout" -- "$cur")
		return ;;
	--skip)
		local list=; [[ $cur == *,* ]] && list=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$list" -W "list select fetch" -- "${cur##*,}")
		return ;;
	--with)
		local list=; [[ $cur == *,* ]] && list=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$list" -W "id noop namespace rights quota status search idle delivery" -- "${cur##*,}")
		return ;;
	-e | --expect-greeting)
		return ;;
	--expect-capability)
		return ;;
	--forbid-capability)
		return ;;
	--expect-mailbox)
		return ;;
	--expect-uidvalidity)
		return ;;
	--expect-rights)
		return ;;
	--expect-header)
		return ;;
	--expect-id)
		return ;;
	-w | --warning)
		local list=; [[ $cur == *,* ]] && list=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$list" -W "time= time_dns= time_connect= time_tls= time_greeting= time_starttls= time_capability= time_token= time_login= time_list= time_select= time_fetch= time_logout= certificate_days= certificate_percent= folders= messages= message_age= message_size= addresses= addresses_failed= time_id= time_noop= time_namespace= time_idle= time_quota= quota_storage_used= quota_storage_limit= quota_storage_percent= quota_messages_used= quota_messages_limit= quota_messages_percent= time_status= messages_unseen= messages_deleted= mailbox_size= time_search= search_found= search_oldest_age= search_newest_age= fetch_size= time_mailboxes= mailboxes= client_certificate_days= client_secret_days= time_rights= delivery_time= delivery_hops= nodes_spread= time_append=" -- "${cur##*,}")
		return ;;
	-c | --critical)
		local list=; [[ $cur == *,* ]] && list=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$list" -W "time= time_dns= time_connect= time_tls= time_greeting= time_starttls= time_capability= time_token= time_login= time_list= time_select= time_fetch= time_logout= certificate_days= certificate_percent= folders= messages= message_age= message_size= addresses= addresses_failed= time_id= time_noop= time_namespace= time_idle= time_quota= quota_storage_used= quota_storage_limit= quota_storage_percent= quota_messages_used= quota_messages_limit= quota_messages_percent= time_status= messages_unseen= messages_deleted= mailbox_size= time_search= search_found= search_oldest_age= search_newest_age= fetch_size= time_mailboxes= mailboxes= client_certificate_days= client_secret_days= time_rights= delivery_time= delivery_hops= nodes_spread= time_append=" -- "${cur##*,}")
		return ;;
	--state)
		local list=; [[ $cur == *,* ]] && list=${cur%,*},
		mapfile -t COMPREPLY < <(compgen -P "$list" -W "interrupted= dns= refused= unreachable= timeout= closed= tls_handshake= tls_untrusted= tls_expired= tls_hostname= certificate_mismatch= not_imap= bye= protocol= too_large= starttls_missing= starttls_refused= starttls_injection= plaintext_refused= login_disabled= no_mechanism= token= auth_failed= unavailable= auth_expired= referral= limit= mailbox_missing= no_permission= over_quota= rejected= bad= search_keys= message_missing= message_misfiled= expectation= address_failed= nodes_differ= logout= threshold=" -- "${cur##*,}")
		return ;;
	-o | --output)
		mapfile -t COMPREPLY < <(compgen -W "nagios json openmetrics" -- "$cur")
		return ;;
	--write)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--label)
		return ;;
	--transcript)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--demo)
		mapfile -t COMPREPLY < <(compgen -W "list healthy slow-login auth-failed account-disabled mailbox-missing certificate-expiring certificate-expired hang-at-fetch bye over-quota wrong-service" -- "$cur")
		return ;;
	--generate)
		mapfile -t COMPREPLY < <(compgen -W "icinga2 director nagios nrpe man bash zsh fish" -- "$cur")
		return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "--hostname -H --address --port -p --ipv4 -4 --ipv6 -6 --all-addresses --source --proxy-protocol --timeout -t --tls --ssl -S --server-name --ca-file --client-cert --client-key --tls-min --tls-small-hello --certificate-key --certificate -D --expect-certificate --insecure --username -U --authzid --password-file --password-command --password -P --auth --allow-plaintext-auth --lockout-guard --lockout-wait --oauth-token-file --oauth-token-command --oauth-token-url --oauth-client-id --oauth-client-secret-file --oauth-client-cert --oauth-client-key --oauth-service-account --oauth-client-secret-expires --oauth-scope --oauth-refresh-token-file --oauth-cache --oauth-proxy --mailbox -m --mailboxes --list --list-reference --message --fetch --fetch-limit --search --read-write --append --until --skip --with --expect-greeting -e --expect-capability --forbid-capability --expect-mailbox --expect-uidvalidity --expect-writable --expect-rights --expect-header --expect-id --warning -w --critical -c --state --output -o --brief --verbose -v --perfdata-unknown --write --label --transcript --transcript-content --explain --demo --generate --extra-opts --version -V --usage -h --help" -- "$cur")
}
complete -F _check_imap_session check_imap_session
