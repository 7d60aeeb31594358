//! Messages of other formats, decoded in the detail.

use anyhow::Result;

use super::page::Page;

async fn chooses(page: &Page, format: &str) -> Result<()> {
    let xpath = format!("//aside//label[contains(., 'Format')]//option[.='{format}']");
    page.waits_for("the format", &xpath).await?.click().await?;
    Ok(())
}

#[tokio::test]
async fn a_binary_message_is_decoded_by_its_bytes_or_by_choice_with_its_hex_beside_it() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.clicks("Hex").await?;
    // {"sensor": "north", "value": 18446744073709551615, "seen": [1, null]}
    page.sends("83 a6 73 65 6e 73 6f 72 a5 6e 6f 72 74 68 a5 76 61 6c 75 65 cf ff ff ff ff ff ff ff ff a4 73 65 65 6e 92 01 c0")
        .await?;
    let row = "//*[@role='option'][contains(., 'received binary')]";
    page.waits_for("the echo", row).await?.click().await?;
    page.sees_detail("000000  83 a6 73 65 6e 73 6f 72").await?;
    page.clicks("Decoded").await?;
    page.sees_detail("\"value\": 18446744073709551615  uint64\n  \"seen\": array of 2\n    0: 1\n    1: null").await?;
    page.waits_for("what was recognised", "//*[@class='found'][.='MessagePack']").await?;
    page.waits_for("the hex", "//aside//button[.='Hex']").await?.click().await?;
    page.sees_detail("000000  83 a6 73 65 6e 73 6f 72").await?;
    page.clicks("Decoded").await?;

    page.sends("92 07 a5 68 65").await?;
    let row = format!("({row})[last()]");
    page.waits_for("the next echo", &format!("{row}[contains(., '92 07 a5 68 65')]")).await?.click().await?;
    page.sees_detail("Nothing shows what this message is written in: choose a format.").await?;
    chooses(&page, "MessagePack").await?;
    page.sees_detail("0: 7").await?;
    page.sees_detail("Decoded up to byte 3: a string takes 5 bytes, 2 are left").await?;
    Ok(())
}
