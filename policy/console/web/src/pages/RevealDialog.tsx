// SPDX-License-Identifier: Apache-2.0
// Who a pseudonym is. The reason is in the audit log before the answer leaves the appliance.
import { Alert, Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, csrf, told } from "../api/client";
import { useText } from "../i18n";
import { ReasonField } from "../parts/FormDialog";
import { failureText } from "../parts/States";

export function RevealDialog({ pseudonym, close }: { pseudonym: string; close: () => void }) {
  const { t } = useText();
  const [reason, setReason] = useState("");
  const reveal = useMutation({
    mutationFn: () =>
      told(api.POST("/reveals", { params: { header: csrf }, body: { pseudonym, reason: reason.trim() } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) reveal.mutate();
  };
  return (
    <Modal isOpen onClose={close} variant="small" aria-labelledby="reveal-title">
      <ModalHeader
        title={t("reveal.title", { pseudonym })}
        labelId="reveal-title"
        description={t("reveal.body")}
      />
      <ModalBody>
        {reveal.error ? <Alert isInline variant="danger" title={failureText(reveal.error, t)} /> : null}
        {reveal.data ? (
          <Alert
            isInline
            variant="info"
            title={t("reveal.is", { subject: reveal.data.subject })}
            data-revealed={reveal.data.subject}
          />
        ) : (
          <Form id="reveal" onSubmit={submit}>
            <ReasonField id="reveal-reason" label={t("decide.reason")} reason={reason} change={setReason} />
          </Form>
        )}
      </ModalBody>
      <ModalFooter>
        {reveal.data ? null : (
          <Button
            type="submit"
            form="reveal"
            isDisabled={!reason.trim() || reveal.isPending}
            isLoading={reveal.isPending}
          >
            {t("reveal.go")}
          </Button>
        )}
        <Button variant="link" onClick={close}>
          {t("dialog.close")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
