# ruff: noqa: E501 -- one message a line
"""Vietnamese text that primes the text packer: reports, answers and check-ins from life and work on board."""

TEXT = """\
Từ tháng ba đến giờ chúng tôi chưa được trả lương. Thuyền trưởng nói tháng sau công ty gửi tiền mà không thấy đâu.
Tôi là thuyền viên người Nghệ An, ở trên tàu này 14 tháng rồi, tôi muốn về nhà.
Xin giúp chúng tôi với, sáu anh em Việt Nam gọi điện mà không ai nghe máy.
Hợp đồng ghi 350 đô một tháng nhưng gia đình tôi chỉ nhận được 150.
Bốn tháng không có lương. Lần cuối trả là tháng một.
Môi giới trừ 600 đô tiền làm giấy tờ, mà giấy tờ thì không có.
Mỗi tháng bị trừ 2 triệu tiền ăn và tiền nợ. Tôi chưa bao giờ ký cái đó.
Họ bảo tôi còn nợ 40 triệu đồng, phải làm cho đến khi trả hết.
Chủ tàu hứa được nhiều cá thì thưởng. Cá nhiều mà thưởng không có.
Thứ hai vợ tôi ra ngân hàng, tài khoản không có đồng nào.
Tiền tháng năm, tháng sáu, tháng bảy không gửi về nhà. Con tôi phải nghỉ học.
Găng tay với ủng chúng tôi phải tự mua, mỗi chuyến trừ 50 đô.
Nói là làm 12 tiếng một ngày, thực tế 18 đến 20 tiếng, có khi hai ngày không ngủ.
Có cá là không được nghỉ. Hôm qua tôi ngủ được ba tiếng.
Cả tuần nay kéo lưới ngày đêm, không có giờ nghỉ.
Thủy thủ trưởng đá vào người để gọi dậy. Ai chậm thì bị đánh bằng ống sắt.
Thuyền trưởng đánh vào đầu bạn tôi bằng thanh sắt. Anh ấy chảy máu nhiều, không đứng dậy được.
Đại phó tát vào mặt tôi và dọa ném xuống biển.
Nó bảo nếu tôi nói với ai thì đừng mong gặp lại gia đình.
Trên buồng lái có súng. Tối qua say rượu ông ta lấy ra cho chúng tôi xem.
Sáng nay đánh nhau trên boong, có người bị đâm. Chúng tôi cần bác sĩ ngay.
Có một sĩ quan ban đêm hay sờ soạng cậu bé. Cậu ấy sợ không dám ngủ.
Tôi bị máy hai ép quan hệ tình dục. Xin đừng nói cho thuyền trưởng biết.
Lúc mọi người làm việc thì nó vào giường tôi. Tôi không biết phải làm sao.
Tôi không muốn sống nữa. Lúc nào cũng nghĩ đến chuyện nhảy xuống biển.
Bạn tôi nói muốn tự tử. Nó không ăn gì, đêm nào cũng khóc.
Hai người đã nhảy tàu gần bờ, không biết còn sống hay đã chết.
Một người mất tích từ đêm qua. Thuyền trưởng không quay tàu lại tìm.
Khoảng 3 giờ sáng sóng to, một thuyền viên rơi xuống biển. Tìm có một tiếng rồi thôi.
Anh ấy không mặc áo phao. 23 người mà chỉ có tám cái áo phao.
Anh họ tôi chết trên tàu ngày 12 tháng 8. Họ để xác trong hầm đông chung với cá.
Họ thả xác xuống biển, không báo cho gia đình.
Chân sưng phù, khó thở rồi chết. Bây giờ thêm hai người bị bệnh giống vậy.
Hai chân tôi sưng, tức ngực. Ấn vào da thì lõm xuống.
Người tôi yếu, chóng mặt, tay chân tê hết.
Chúng tôi chỉ ăn cơm với cá mồi. Hai tháng nay không có rau.
Nước uống bị gỉ sét, có mùi dầu. Nhiều người đau bụng, tiêu chảy.
Phải uống nước tan từ đá trong hầm cá.
Không có nước ngọt để tắm, người ngứa ngáy, lở loét khắp nơi.
Hết đồ ăn rồi, chỉ còn mì gói với ít gạo.
Anh nấu bếp nói gạo đủ ăn mười ngày nữa.
Thiếu giường nên tôi ngủ ngoài boong. Trời mưa là ướt hết.
Mười người chung một phòng nhỏ cạnh buồng máy, nóng lắm, nhiều gián với rệp.
Không chăn, không nệm, không có nhà vệ sinh.
Ngón tay tôi bị tời kẹp nát. Thuyền trưởng dán băng keo rồi bắt làm tiếp.
Lưỡi câu đâm xuyên bàn tay, bây giờ nhiễm trùng, sưng và đen. Tôi bị sốt.
Dây đứt văng vào mắt. Mắt trái không nhìn thấy gì nữa.
Nó bị gãy tay. Họ không chở đi bệnh viện vì tốn dầu.
Tôi ngã từ cầu thang xuống hầm, đau lưng quá, không khuân vác được.
Tủ thuốc trống không, chỉ có thuốc hạ sốt quá hạn.
Tôi đau răng ba tuần rồi, má sưng lên.
Ho ra máu từ hôm thứ ba, chắc là bị lao.
Anh ấy sốt cao, nói mê sảng, từ chiều hôm qua chưa tỉnh.
Đau ngực, nôn ói, khó thở. Nhờ hỏi bác sĩ giúp xem phải làm gì.
Hộ chiếu và sổ thuyền viên của chúng tôi thuyền trưởng giữ, khóa trong tủ.
Lên tàu là họ thu hộ chiếu của tôi, không trả lại.
Thẻ ngân hàng và mật khẩu do bên môi giới cầm. Họ tự rút tiền.
Tôi không có giấy tờ gì. Giấy phép lao động hết hạn tháng chín mà chủ không gia hạn.
Nếu lên bờ sẽ bị công an bắt vì không có giấy tờ tùy thân.
Tôi chưa bao giờ được cầm bản hợp đồng. Toàn chữ Trung Quốc, tôi không đọc được.
Họ bắt tôi điểm chỉ vào tờ giấy trắng.
Ở văn phòng một hợp đồng, ra cảng lại đổi hợp đồng khác, lương thấp hơn.
Hợp đồng hai năm, hết từ tháng hai rồi nhưng họ chưa cho về.
Họ nói đi làm nhà máy ở Đài Loan, cuối cùng bị đưa lên tàu câu cá ngừ.
Người ta đến làng tuyển, bảo việc trên bờ. Tôi phải nộp 50 triệu, nhà bán đất để trả.
Tôi vay nặng lãi, mỗi tháng mười phần trăm, nợ càng ngày càng nhiều.
Bỏ hợp đồng thì bị phạt 1.500 đô và mất tiền đặt cọc.
Sổ đỏ nhà tôi còn thế chấp ở ngân hàng để vay tiền đi.
Giữa biển họ chuyển chúng tôi sang tàu khác. Tôi không biết tên tàu này.
Tên tàu bị sơn lại, cờ cũng đổi rồi.
Mạn tàu không có số hiệu. Đến gần ranh giới là tắt thiết bị giám sát hành trình.
Mười một tháng ở ngoài khơi không thấy đất liền. Cá và lương thực chuyển qua tàu dịch vụ.
Không được lên bờ. Vào cảng thì khóa cửa, có người canh ở cầu tàu.
Điện thoại của chúng tôi bị thu hết, không cho gọi về nhà.
Chúng tôi xin về ba lần rồi. Thuyền trưởng bảo chưa có người thay.
Tàu neo ở đây từ ngày 5 tháng 4. Chủ tàu không trả lời, dầu chạy máy phát hết.
Chúng tôi bị bỏ rơi. Chín người, không có đồ ăn, không điện, bảy tháng không lương.
Công ty phá sản, bỏ mặc chúng tôi ở cảng Busan.
Thị thực hết hạn, bên xuất nhập cảnh không cho xuống tàu.
Hết hợp đồng mà họ không mua vé cho tôi về nước.
Họ bảo vé máy bay tự trả. Tôi làm gì có tiền.
Trên tàu có đứa mười bốn tuổi làm việc. Nó khai mười tám nhưng còn trẻ con.
Hai em dưới 15 tuổi phải phân loại cá ban đêm.
Họ cắt vây cá mập rồi ném xác xuống biển. Vây giấu dưới mồi.
Họ bắt cá heo làm mồi. Tôi có ảnh trong điện thoại.
Ban đêm tắt đèn vào đánh bắt trong vùng cấm.
Thuyền trưởng có hai cuốn nhật ký, một cuốn giả.
Tàu đánh cá trong vùng biển nước khác, không có giấy phép. Có lúc còn dùng thuốc nổ.
Khi có đoàn kiểm tra, thuyền trưởng dạy chúng tôi phải nói gì. Chúng tôi sợ nên không dám nói thật.
Cán bộ cầm phong bì rồi đi, không nói chuyện với thuyền viên.
Có người đòi hai triệu mới chịu đóng dấu vào sổ.
Biên phòng lên tàu ngồi nhậu với thuyền trưởng rồi về.
Tôi khiếu nại với sở lao động, sau đó chủ tàu biết tên tôi. Giờ tôi bị trù dập.
Vì tôi nói chuyện với thanh tra nên bị giao việc nặng nhất, một ngày không cho ăn.
Tôi bị nhốt trong kho hai ngày vì liên lạc với các anh chị.
Chúng tôi đình công thì thuyền trưởng cắt nước.
Họ chửi chúng tôi là chó, là đồ ngu, ném cá đông vào người.
Người Trung Quốc ăn riêng với sĩ quan, còn chúng tôi ăn đồ thừa.
Trưởng nghề cá la hét suốt ngày, không vừa ý là đập đồ.
Không có mũ bảo hộ, găng tay, ủng. Tôi đi chân không trong hầm đông.
Hầm đông âm 50 độ mà áo ấm rách hết.
Xuồng cứu sinh hỏng, bình chữa cháy quá hạn.
Vỏ tàu thủng, máy bơm chạy liên tục.
4 giờ sáng cháy buồng máy. Dập được rồi nhưng máy hỏng, tàu đang trôi.
Tàu đang vào nước. Xin gọi cứu hộ gấp.
Bão sắp vào mà thuyền trưởng vẫn muốn đánh cá. Sóng năm mét.
Hệ thống lạnh rò khí amoniac, mắt cay không chịu nổi.
Tọa độ của chúng tôi 5 độ 12 phút vĩ bắc, 104 độ 30 phút kinh đông.
Cách đảo khoảng 40 hải lý về phía tây nam. Hôm qua tôi thấy ngọn hải đăng.
Hình như đang ở gần Somalia, trời rất nóng.
Thứ sáu hoặc thứ bảy tàu vào bờ, có thể là Vũng Tàu, có thể Cà Mau.
Cảng tới là Port Louis, khoảng 20 tháng 11.
Tàu đang đi Cao Hùng, hai tuần nữa đến nơi.
Chúng tôi rời Kiên Giang mùng mười tháng mười, từ đó chưa ghé cảng nào.
Trưa mai về đến Quy Nhơn. Có thể gặp nhau ở bến không?
Tàu dài 45 mét, sơn xanh trắng, mũi tàu gỉ. 28 người: 12 Indonesia, 9 Philippines, 4 Việt Nam, 3 Trung Quốc.
Thuyền trưởng người Đài Loan, máy trưởng người Hàn Quốc. Tên chủ tàu tôi không rõ.
Tên tôi không quan trọng. Tôi viết thay cho tất cả anh em.
Tôi viết giùm người bạn không biết chữ.
Xin giữ kín tên tôi. Đừng để thuyền trưởng biết.
Đừng gọi lên tàu. Gọi là họ biết ngay chúng tôi báo.
Tôi chỉ viết được ban đêm khi buồng lái không có ai.
Hôm nay ổn. Mọi người khỏe, không có gì mới.
Tôi khỏe. Được nhiều cá ngừ, thời tiết tốt.
Tôi không khỏe lắm nhưng chưa gấp.
Tôi cần giúp ngay bây giờ. Nhanh lên.
Ở đây bình thường, cảm ơn đã hỏi thăm.
Vẫn sống, vẫn làm. Nhắn với mẹ là con không sao.
Đỡ hơn tuần trước. Chủ nhật có thịt và rau tươi.
Thuyền trưởng tốt, nhưng công ty không trả tiền.
Lần trước chị nói sẽ gửi thư cho công ty. Họ trả lời chưa ạ?
Vợ tôi nhận được tiền chưa? Nhắn cô ấy khi nào vào bờ tôi gọi.
Tôi nhận được tin rồi. Cảm ơn anh chị, có người lắng nghe tôi mừng lắm.
Vâng, nói với luật sư thì được. Công an thì khoan đã.
Tôi đồng ý chia sẻ với công đoàn, nhưng đừng đưa cho công ty.
Không, tôi chưa muốn xuống tàu, tôi muốn lấy lương trước.
Nếu tôi trốn ở cảng thì sao? Có bị bỏ tù không?
Họ giữ một nửa lương đến hết hợp đồng có đúng luật không?
Ai trả tiền mổ cho tôi? Bảo hiểm nói tại lỗi của tôi.
Một ngày phải được nghỉ mấy tiếng? Thuyền trưởng nói ngoài biển không có luật.
Nhờ hỏi giúp công ty xuất khẩu lao động đó còn hoạt động không. Văn phòng ở Hà Nội.
Bố tôi ốm nặng, tôi phải về trước tháng mười hai.
Con tôi sinh tháng sáu mà tôi chưa được thấy mặt.
Tôi bị bán từ tàu này qua tàu khác giá 30.000 baht.
Lúc đầu nói sáu tháng, rồi một năm, giờ gần ba năm.
Chúng tôi không phải nô lệ. Chúng tôi chỉ đòi đúng những gì đã hứa.
Tăng ca không bao giờ được tính. Bảng chấm công văn phòng tự ghi, chúng tôi chỉ ký.
Trên giấy ghi nghỉ mười tiếng, thật ra bốn hoặc năm tiếng.
Ký nhận chín triệu nhưng chỉ đưa sáu triệu tiền mặt.
Chủ bảo tôi đã ứng trước mười lăm triệu. Nói dối.
Thuốc lá, thuốc tây, thẻ điện thoại đều bán giá gấp đôi.
Mỗi tháng giữ lại 100 đô tiền bảo đảm, về sớm là mất hết.
Họ tự đổi cách ăn chia, từ hai phần xuống một phần, không hỏi ai.
Hôm nay đã trả đủ lương rồi. Cảm ơn anh chị đã giúp đỡ!
Tôi nhận được 1.200 đô, nhưng vẫn thiếu 800.
Môi giới nói công ty chưa chuyển, công ty lại nói đã chuyển cho môi giới.
Em trai tôi ở tàu khác cùng công ty, bên đó cũng vậy.
Chúng tôi muốn nghỉ làm cho đến khi có lương. Như vậy có được không?
Thuyền phó lấy điện thoại của tôi đập trước mặt mọi người.
Thuyền trưởng mới lên ở Dakar, từ đó tệ hơn nhiều.
Tối nào ông ấy cũng uống rượu rồi kiếm người để đánh.
Đêm qua nó kề dao vào cổ tôi vì dây câu bị rối.
Họ trói bạn tôi vào cột, phơi nắng cả ngày không cho uống nước.
Tôi bị tạt nước sôi vào vai và cổ.
Ngủ gật thì bị dội nước lạnh, có người bị chích điện.
Họ cho uống thuốc để thức, mấy người giờ bị nghiện.
Anh ta như người mất trí, nói một mình, đòi bơi về nhà.
Chúng tôi sợ anh ấy làm hại bản thân hoặc người khác.
Tôi chỉ mệt thôi. Không có ai nói tiếng Việt để tâm sự.
Nghe tiếng la rồi tiếng rơi xuống nước. Sau đó không ai thấy anh ấy nữa.
Thuyền trưởng bắt chúng tôi khai là tự nhảy, nhưng thật ra bị đẩy.
Gia đình chưa biết tin. Anh quê Quảng Bình, 27 tuổi, có hai con gái nhỏ.
Làm sao để gia đình nhận được thi thể và tiền bồi thường?
Chúng tôi chôn anh ở một hòn đảo, tôi có thể chỉ chỗ.
Sóng cuốn ba người khỏi boong. Cứu được một, mất hai.
Nghe bộ đàm nói có tàu khác chìm cùng toàn bộ thuyền viên.
Chân mắc vào lưới, bị kéo xuống nước. Cắt lưới thì đã muộn.
Đứt cáp cẩu, một người chết, một người bị thương nặng, gãy chân, vỡ đầu.
Tay tôi kẹt giữa dây và trống tời, mất hai ngón.
Gai cá đâm vào đầu gối, giờ đỏ, nóng, không đi được.
Anh ấy nằm gục dưới sàn mà họ vẫn bắt làm tiếp.
Bác sĩ ở cảng bảo nghỉ hai tuần, hôm sau đã phải đi làm lại.
Mắt vàng và không đi tiểu được nữa.
Bốn người bị giống nhau: phù chân, hụt hơi, chán ăn.
Không có vitamin. Chỉ có cơm trắng, cá khô với muối.
Tủ lạnh hỏng, thịt thối có giòi.
Bồn nước gần cạn. Mỗi người một chai một ngày.
Làm lúc sóng lớn mà không có dây an toàn, sớm muộn cũng có người rơi.
Tôi sợ cái tời đó, phanh không ăn.
Họ bắt tôi lặn bằng máy nén khí, năm ngoái đã có người chết vì lặn.
Tôi chưa từng được huấn luyện. Chứng chỉ là giả, tên và ngày sinh cũng sai.
Trong sổ ghi tôi 25 tuổi, thật ra tôi mới 17.
Họ đưa chúng tôi đi xe tải qua biên giới ban đêm, cùng 20 người nữa.
Bị nhốt trong nhà gần cảng cho đến khi tàu sẵn sàng.
Nếu tôi không lên tàu, họ sẽ đến nhà tìm bố mẹ tôi.
Nó có ảnh nhà tôi, biết em gái tôi học trường nào.
Họ dọa đưa tên tôi vào danh sách đen để không xin được việc ở đâu nữa.
Thứ năm tàu đông lạnh đến lấy cá. Tôi có thể theo tàu đó về.
Có quan sát viên trên tàu. Ông ấy thấy hết nhưng cũng sợ.
Kiểm tra ở cảng có mười phút, họ xem cá chứ không hỏi đến người.
Phiên dịch là bạn của chủ tàu, không dịch lời tôi nói.
Khi tàu hải quân đến, họ giấu năm người dưới hầm.
Một nửa thuyền viên không có tên trong danh sách.
Chúng tôi có ảnh và video cảnh đánh người. Gửi thế nào cho an toàn?
Chuyện xảy ra tối thứ tư, khoảng chín giờ, ở boong sau. Bốn người nhìn thấy.
Tôi sợ họ đọc được tin này. Lát nữa tôi xóa.
Mong trả lời sớm, sáng chủ nhật chúng tôi lại ra khơi.
Chúng tôi đã nhận được tin của anh. Anh không đơn độc. Chúng tôi đọc từng chữ.
Cảm ơn anh đã kể. Anh rất dũng cảm.
Chúng tôi tin anh. Chuyện xảy ra không phải lỗi của anh.
Tôi tên là Lan, tôi sẽ theo dõi trường hợp của bạn. Bạn viết lúc nào cũng được, bằng tiếng Việt.
Chúng tôi sẽ không cho thuyền trưởng hay công ty biết bạn đã liên lạc.
Bây giờ bạn có an toàn không? Người làm hại bạn còn ở gần không?
Xin cho biết bạn cần gì nhất: bác sĩ, tiền lương, giấy tờ, hay rời khỏi tàu?
Tàu tên gì, hoặc số hiệu sơn bên mạn tàu là gì?
Có bao nhiêu người trên tàu gặp tình trạng giống bạn?
Lần cuối bạn được trả lương khi nào, bao nhiêu tiền?
Bạn có bản sao hợp đồng không? Nếu được hãy chụp từng trang.
Hộ chiếu của bạn ai đang giữ? Từ bao giờ?
Hiện giờ tàu ở đâu, khi nào cập cảng?
Trong 24 giờ qua bạn ngủ được mấy tiếng?
Anh ấy có sốt không? Thở có nhanh không? Uống nước có bị nôn không?
Cho anh ấy nằm, kê chân cao, đắp ấm, cho uống từng ngụm nước sạch.
Dùng vải sạch ấn mạnh vào vết thương mười phút, đừng mở ra xem.
Rửa vết thương bằng nước đun sôi để nguội và xà phòng ngày hai lần, giữ khô.
Bác sĩ đã đọc báo cáo, anh ấy phải được đưa đi bệnh viện càng sớm càng tốt.
Sưng chân và khó thở có thể là bệnh tê phù do thiếu vitamin B1, chữa được. Hôm nay cho chúng tôi biết bao nhiêu người bị.
Chúng tôi đã nhờ trung tâm cứu nạn liên lạc với tàu. Họ sẽ không nói ai báo.
Cảnh sát biển đã có vị trí của tàu. Một tiếng nữa hãy viết lại nhé.
Nếu bạn nghĩ đến cái chết, hãy nói ngay với người bên cạnh và viết cho chúng tôi. Chúng tôi mong bạn sống.
Đêm nay đừng ở một mình trên boong.
Đừng đánh lại. Hãy ở gần bạn bè và ngủ cạnh nhau.
Chỉ làm khi an toàn. Mạng sống của bạn quan trọng hơn mọi bằng chứng.
Ghi lại ngày, giờ và sự việc. Cất ở chỗ không ai để ý.
Đừng ký giấy nào mà bạn không hiểu.
Bạn có quyền tự giữ hộ chiếu. Không ai được giữ nếu bạn không đồng ý.
Theo luật, lương phải trả hằng tháng, phí tuyển dụng do chủ sử dụng lao động chịu.
Bạn có quyền nghỉ mười giờ trong 24 giờ và 77 giờ trong bảy ngày.
Chúng tôi đã viết thư cho chủ tàu về tiền lương, không nêu tên ai.
Công ty hứa cuối tháng sẽ trả. Chúng tôi sẽ tiếp tục theo dõi.
Luật sư nói bạn có thể đòi lương còn thiếu và tiền bồi thường.
Bạn có đồng ý cho thanh tra lao động xem báo cáo này không? Đồng ý hay không chúng tôi vẫn giúp.
Đồng nghiệp của chúng tôi sẽ đợi ở cảng, mặc áo trắng, cạnh quán mái xanh.
Khi lên bờ hãy gọi số này trước. Miễn phí, có người nói tiếng Việt.
Có nhà tạm lánh để bạn ở, ăn và nghỉ ngơi. Không mất tiền.
Hôm nay chúng tôi đã nói chuyện với vợ bạn. Cô ấy và các cháu khỏe, gửi lời thăm.
Xin lỗi vì lâu quá. Chúng tôi không quên bạn.
Đại sứ quán chưa trả lời. Thứ hai chúng tôi hỏi lại.
Tin vui: vé về đã có, bạn bay thứ năm ngày mùng 9.
Hôm nay bạn thế nào? Khi nào được thì nhắn nhé.
Năm ngày rồi không có tin của bạn. Bạn có sao không?
Mỗi tối hãy báo tin, dù không có chuyện gì.
Nếu tối mai chưa có tin, chúng tôi sẽ nhờ cơ quan chức năng tìm tàu.
Giữ gìn sức khỏe, bảo vệ lẫn nhau. Chúng tôi sẽ viết tiếp.
Ai hỏi người nào báo thì bạn không cần trả lời.
Có gì thay đổi, tàu đi chỗ khác hoặc gặp nguy hiểm thì báo ngay.
Bạn muốn chúng tôi làm gì tiếp theo? Bạn chưa đồng ý thì chúng tôi không làm.
"""
