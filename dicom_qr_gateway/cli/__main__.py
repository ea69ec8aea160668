"""``python -m dicom_qr_gateway.cli``: the command without its installed script."""

from dicom_qr_gateway.cli import main

main(prog_name="dicom-qr-gateway")
