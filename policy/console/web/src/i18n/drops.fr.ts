// SPDX-License-Identifier: Apache-2.0
// The table of drops of docs/operations.md in French; a test compares the names.
export const dropsFr: Record<string, string> = {
  runt: "Plus courte que son en-tête Ethernet ; vérifiez le câblage et le mode duplex du port.",
  "vlan-depth": "Plus de trois étiquettes VLAN ; Weir en lit trois.",
  "mpls-depth": "Plus de huit étiquettes MPLS ; Weir en lit huit.",
  "ip-truncated": "Plus courte que ne le dit son en-tête IP ; abîmée, ou attaque contre les analyseurs.",
  "ip-header":
    "Version, longueur d’en-tête ou longueur totale IP fausse ; abîmée, ou attaque contre les analyseurs.",
  "ip-checksum": "Somme de contrôle de l’en-tête IPv4 fausse ; abîmée en chemin.",
  "ipv6-chain": "En-têtes d’extension IPv6 coupés ou plus de huit ; presque toujours un contournement.",
  "l4-truncated": "Plus courte que son en-tête TCP, UDP ou ICMP ; abîmée, ou attaque contre les analyseurs.",
  "l4-checksum":
    "Somme de contrôle fausse de TCP, d’UDP, d’une erreur ICMP ou du tunnel autour : aucun destinataire ne la prendrait, un inspecteur pourrait s’y tromper.",
  "tcp-flags":
    "Drapeaux TCP qu’aucun émetteur n’envoie (SYN avec FIN ou RST, ou aucun) ; balayage de ports ou contournement.",
  ethertype: "La table des ethertypes de la paire dit de jeter ; ses compteurs nomment le type.",
  "tcp-no-ack":
    "Données TCP ou FIN sans ACK : aucun destinataire ne les prendrait, un inspecteur pourrait s’y tromper.",
  "tcp-handshake":
    "SYN ou SYN-ACK que sa connexion n’attend pas (autre premier numéro, SYN pour réponse), ou données avant la réponse sur les ports d’une connexion refusée ; contournement.",
  "tcp-acknowledgement":
    "Acquitte ce qui n’a jamais été envoyé, ou ce qui l’a été il y a plus d’une fenêtre ; contournement ou falsification.",
  "tcp-window": "TCP hors de la fenêtre que son destinataire offre ; contournement ou falsification.",
  "tcp-signature":
    "Option TCP MD5 ou d’authentification dans une connexion qui ne l’a pas convenue ; contournement.",
  "tcp-time-stamp":
    "Horodatage TCP plus ancien que ce que son destinataire a vu (PAWS) ; contournement ou paquet égaré.",
  "hop-limit":
    "TTL ou limite de sauts inférieure de plus de 3 à celle des autres paquets de l’émetteur : fait pour mourir en chemin.",
  "tcp-urgent": "Données TCP urgentes alors que « urgent: drop » vaut pour la paire.",
  "policy-drop":
    "Bloquée par la politique dont la paire a « block: drop », donc personne n’est averti ; l’événement nomme la règle.",
  "policy-reset":
    "La politique bloque ce flux ; les deux bouts l’ont appris. L’événement du flux nomme la règle.",
  "rate-limit": "Plus que le débit que la politique accorde à ce flux ou à ce client.",
  "policy-answer": "La politique a répondu à la place de l’autre bout ; l’événement du flux nomme la règle.",
  "policy-cut":
    "D’une commande que la politique a refusée, ou envoyée derrière elle ; l’émetteur répète ce qu’il a le droit d’envoyer.",
  conflict: "Répète des octets de son flux avec un autre contenu : contournement, ou équipement défectueux.",
  ahead:
    "Trop loin devant un segment perdu pour que Weir la garde pendant qu’il regarde ; l’émetteur la répète.",
  "fragment-overlap":
    "Fragments IP qui se contredisent (octets en double, deux fins, trop long) : contournement ou attaque.",
  "fragment-duplicate": "Le même fragment IP avant que son datagramme soit entier ; le premier suffit.",
  exception: "La table des exceptions dit de jeter ; les compteurs d’exceptions nomment la cause.",
  "transmit-full": "L’autre port ne l’a pas prise : il est plus lent que ce qui arrive ici.",
  "handover-full": "Le worker de son hôte ne l’a pas prise : il a plus à faire qu’un cœur ne peut.",
  oversize: "En plusieurs morceaux qui ne tiennent pas dans un tampon ; baissez la MTU du port.",
};
