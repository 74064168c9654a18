# SPDX-License-Identifier: Apache-2.0
weir_fuzz(tls weir::inspect
  COVERS classifier/inspect/tls_session.cc classifier/inspect/tls_records.cc classifier/inspect/tls_client_hello.cc
         classifier/inspect/tls_fingerprint.cc classifier/inspect/digest.cc)
weir_fuzz(tls_server weir::inspect
  COVERS classifier/inspect/tls_server.cc classifier/inspect/tls_session.cc classifier/inspect/tls_records.cc)
weir_fuzz(tls_certificate weir::inspect COVERS classifier/inspect/tls_certificate.cc)
weir_fuzz(http1 weir::inspect
  COVERS classifier/inspect/click.cc classifier/inspect/http1_request.cc classifier/inspect/http1_response.cc classifier/inspect/http1_body.cc
         classifier/inspect/http_head.cc classifier/inspect/url_path.cc classifier/inspect/host_name.cc)
weir_fuzz(http2 weir::inspect
  COVERS classifier/inspect/http2_frames.cc classifier/inspect/hpack.cc classifier/inspect/http_head.cc)
weir_fuzz(proxies weir::inspect COVERS classifier/inspect/proxy_header.cc classifier/inspect/socks_session.cc)
weir_fuzz(dns weir::inspect weir::notice
  COVERS classifier/inspect/dns_message.cc classifier/inspect/dns_conversation.cc classifier/notice/dns_notice.cc)
weir_fuzz(ssh weir::inspect COVERS classifier/inspect/ssh_session.cc)
weir_fuzz(client_datagrams weir::inspect
  COVERS classifier/inspect/client_datagrams.cc classifier/inspect/dhcp_message.cc classifier/inspect/netbios_name.cc
         classifier/inspect/radius_accounting.cc classifier/inspect/kerberos_message.cc
         classifier/inspect/kerberos_stream.cc)
weir_fuzz(smtp weir::inspect
  COVERS classifier/inspect/smtp_session.cc classifier/inspect/smtp_message.cc classifier/inspect/smtp_replies.cc
         classifier/inspect/smtp_data.cc classifier/inspect/smtp_address.cc classifier/inspect/sasl_user.cc)
weir_fuzz(mime weir::inspect
  COVERS classifier/inspect/mime_reader.cc classifier/inspect/mime_body.cc classifier/inspect/mime_part.cc
         classifier/inspect/mime_decoder.cc classifier/inspect/mime_text.cc classifier/inspect/mime_value.cc
         classifier/inspect/file_type.cc classifier/inspect/file_magic.cc classifier/inspect/text.cc)
weir_fuzz(imap weir::inspect COVERS classifier/inspect/imap_session.cc classifier/inspect/long_line.cc)
weir_fuzz(pop3 weir::inspect COVERS classifier/inspect/pop3_session.cc)
weir_fuzz(flow_inspector weir::inspect
  COVERS classifier/inspect/flow_inspector.cc classifier/inspect/flow_detection.cc
         classifier/inspect/flow_datagrams.cc classifier/inspect/detect.cc classifier/inspect/second_copy.cc
         classifier/inspect/dns_stream.cc classifier/inspect/mail_visibility.cc classifier/stream/tcp_stream.cc
         classifier/stream/tcp_variant.cc)
weir_fuzz(quic weir::inspect PkgConfig::OPENSSL
  COVERS classifier/inspect/quic_initial.cc classifier/inspect/quic_keys.cc classifier/inspect/quic_crypto.cc
         classifier/inspect/quic_google.cc)
weir_fuzz(starttls weir::inspect
  COVERS classifier/inspect/starttls_ldap.cc classifier/inspect/starttls_xmpp.cc
         classifier/inspect/starttls_database.cc)
weir_fuzz(dtls weir::inspect COVERS classifier/inspect/dtls_flow.cc)
