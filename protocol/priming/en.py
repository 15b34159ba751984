# ruff: noqa: E501 -- one message a line
"""English text that primes the text packer: reports, answers and check-ins from life and work on board."""

TEXT = """\
We have not been paid since March. The captain says the company will send the money next month, but it never comes.
I am a fisherman from Myanmar. I have been on this boat for 14 months and I want to go home.
My wages are 350 dollars a month, but my family received only 150 last time.
Please help us, we are six Indonesian crew and nobody answers our calls.
The agent took 18,000 baht from my salary for documents, and I still don't have any documents.
They cut 4000 baht every month for food and debt. I never signed anything about this.
My contract says 300 USD per month. I got 600 for the whole year.
Four months no salary. Last payment was in January.
The boss says I owe 25,000 baht for the broker and I must work until it is finished.
He promised a bonus if the catch was good. The catch was good and there was no bonus.
My wife went to the bank on Monday and there was nothing in the account.
The remittance was not sent home for May, June and July. My children cannot go to school.
How much is the deduction for gloves and boots? They take 50 dollars every trip.
We were told 12 hours of work a day. We work 18 to 20 hours, sometimes without sleep for two days.
When there is fish we do not stop. Yesterday I slept three hours, the day before only two.
No rest at all this week, hauling the net day and night.
The bosun wakes us up by kicking. If we are slow he hits us with a pipe.
Captain beat my friend on the head with an iron bar. He is bleeding and cannot stand up.
The chief mate slapped me in the face and threatened to throw me into the sea.
He said if I tell anyone I will never see my family again.
They have a gun on the bridge. The captain showed it to us last night when he was drunk.
Someone was stabbed in the fight on deck this morning. We need a doctor now.
One of the officers touches the young boy at night. The boy is afraid to sleep.
I was forced to have sex with the second engineer. Please don't tell the captain.
He comes to my bunk when the others are working. I don't know what to do.
I don't want to live any more. I think about jumping into the water.
My friend says he wants to kill himself. He does not eat and he cries every night.
Two men jumped overboard near the coast and we don't know if they are alive.
A man is missing since last night. The captain did not turn around to look for him.
One crew member fell overboard at about 3 in the morning in bad weather. We searched for one hour only.
He was not wearing a life jacket. There are only eight life jackets for 23 people.
My cousin died on board on 12 August. They put his body in the freezer with the fish.
They threw the dead body into the sea and told the family nothing.
He had swollen legs and could not breathe, then he died. Now two more men have the same sickness.
My legs are swollen and my chest is tight. When I press the skin the hole stays.
I feel weak and dizzy, my hands and feet are numb.
We eat only rice and bait fish. No vegetables for two months.
The drinking water is rusty and smells of diesel. Many of us have stomach pain and diarrhoea.
We drink water melted from the ice in the fish hold.
There is no clean water to wash. My skin is itching and full of sores.
Food is finished, we have only instant noodles and a little rice.
The cook says there is rice for ten days more.
I sleep on the deck because there are not enough beds. When it rains everything gets wet.
Ten people sleep in one small room next to the engine. It is too hot and there are cockroaches and bed bugs.
No blanket, no mattress, no toilet. We go over the side.
My finger was crushed in the winch. The captain put tape on it and told me to go back to work.
The hook went through my hand and now it is infected, swollen and black. I have a fever.
A rope broke and hit him in the eye. He cannot see on the left side.
His arm is broken. They will not take him to hospital because it costs fuel.
I fell from the ladder into the hold and hurt my back. I cannot lift anything.
The medicine box is empty. There is only paracetamol and it is expired.
I have had toothache for three weeks and my face is swollen.
Coughing blood since Tuesday. I think it is TB.
He has a high fever and is talking nonsense. He has not been awake since yesterday evening.
Chest pain, vomiting, difficulty breathing. Please ask a doctor what we should do.
The captain keeps our passports and seaman's books in a locked box.
They took my passport when I came on board and never gave it back.
My bank card and PIN are with the agent. He takes out the money himself.
I have no papers. My work permit expired in September and the owner did not renew it.
My pink card is with the employer. If I go ashore the police will arrest me.
I never got a copy of my contract. It was in Chinese and I could not read it.
They made me put my thumbprint on a blank page.
In the office they showed me one contract and in the port they changed it for another one with lower pay.
The contract was for two years. It finished in February, but they will not let me leave.
I was told I would work in a factory in Taiwan, and then they put me on a longliner.
The recruiter in my village said the job was on land. He asked for 2,000 dollars. I sold our land to pay.
I borrowed money from a moneylender at 10 percent a month and the debt is growing.
They say if I break the contract I must pay a fine of 1,500 USD.
We were transferred at sea to another vessel. I don't know the name of this ship.
They painted a new name on the hull, and the flag is different now.
This boat has no number on the side. They turn off the AIS near the border.
We have been at sea for 11 months without seeing land. Supplies and fish are moved by a carrier.
Not allowed to go ashore. In port they lock the door and a guard stands on the pier.
In port we may not use the phone. They took all our mobile phones.
We asked to go home three times. The captain says there is no replacement.
The ship has been at anchor since 5 April. The owner does not answer and there is no fuel for the generator.
We are abandoned here. Nine crew, no food, no electricity, no salary for seven months.
The company went bankrupt and left us in the port of Busan.
Our visa is finished and immigration will not let us get off.
I finished my contract but they do not buy me a ticket home.
The flight is my own cost, they say. I have no money.
There is a boy of fourteen working on this boat. He says he is eighteen, but he is a child.
Two children under 15 are sorting fish at night.
We cut the fins off sharks and throw the body back. The fins are hidden under the bait.
They catch dolphins for bait. I have photos on my phone.
We fish inside the closed area at night with the lights off.
The captain keeps two logbooks, one is false.
We fish in the waters of another country without a licence.
When the inspectors came, the captain told us what to say. We were afraid to tell the truth.
The officer took an envelope and did not talk with the crew.
An official asked for 3,000 baht to stamp my book.
The police came on board, drank with the captain and left.
I complained to the labour office, and then the owner was told my name. Now he punishes me.
Because I spoke to the inspector, they gave me the worst work and no food for one day.
They locked me in the store room for two days because I talked with the NGO.
After we went on strike, the captain stopped the water.
They call us dogs and pigs. They laugh at our prayers and give us only pork.
The Filipino crew eat together with the officers, but we eat what is left.
The fishing master shouts all the time and throws things at us.
No safety gloves, no helmet, no boots. I work barefoot in the freezer.
It is minus 50 degrees in the freezer and my coat is torn.
The life raft is broken and the fire extinguisher is out of date.
There is a hole in the hull and the pump is running all the time.
Fire in the engine room at 0400. It is out now, but the engine is damaged and we are drifting.
The boat is taking on water. Please call the coast guard.
A storm is coming and the captain wants to keep fishing. Waves of five metres.
Ammonia is leaking from the cooling system, our eyes are burning.
Our position is 5 degrees 12 minutes north, 104 degrees 30 minutes east.
We are about 40 miles south-west of the island. I saw the lighthouse yesterday.
I think we are near Somalia. It is very hot and there are no birds.
We will be in port on Friday or Saturday, maybe Songkhla, maybe Pattani.
Next port is Port Louis, around 20 November.
The boat is going to Kaohsiung and will arrive in two weeks.
We left Benjina on the tenth of October and have not stopped since then.
Coming back to Samut Sakhon tomorrow at noon. Can you meet me at the pier?
The ship is 45 metres long, blue and white, with a rusty bow. 28 crew: 12 from Indonesia, 9 from the Philippines, 4 from Vietnam and 3 from China.
The captain is Taiwanese, the engineer is Korean. I don't know the name of the owner.
My name is not important. I am writing for all of us.
I am not writing for myself but for my friend who cannot read.
Please keep my name secret. The captain must not know.
Do not call the boat. If you call, they will know it was us.
I can only write at night when the bridge is empty.
Today is a good day. All well, nothing new.
I am well. We caught a lot of tuna and the weather is fine.
I am not well, but it is not urgent.
I need help now. Please hurry.
Everything is OK here, thank you for asking.
Still alive. Still working. Tell my mother I am fine.
Better than last week. They gave us meat and fresh vegetables on Sunday.
The captain is kind to us, but the company does not pay.
Last time you said you would write to the company. Is there any answer?
Did my wife receive the money? Please tell her I will call when we get to port.
I got your message. Thank you, I was so happy that somebody listens.
Yes, you may tell the lawyer. No, please do not tell the police yet.
I agree to share this with the union but not with the company.
No, I don't want to leave now, I want my salary first.
What happens if I run away in port? Will they put me in prison?
Is it true that they are allowed to keep half of our wages until the end?
Who can pay for my operation? The insurance says it was my own fault.
How many hours of rest must we have? The captain says there is no law at sea.
Can you find out whether the agency is still open? Its office was in Yangon.
My father is sick and I must go home before December.
My baby was born in June and I have not seen her.
I was sold from one boat to another for 30,000 baht.
First they said six months, then one year, and now it is almost three years.
We are not slaves. We only want what was promised.
The overtime is never counted. The time sheet is filled in by the office and we sign it without reading.
On the paper it says ten hours of rest. In reality it is four or five.
I signed for 9,500 baht but they gave me 7,000 in cash.
The owner says I already took an advance of 15,000. That is a lie.
They charge us for cigarettes, water, medicine and the phone at double the price.
They keep 100 dollars a month as a guarantee. If I go home early I lose everything.
The Cambodian workers are paid less than the Thai workers for the same job.
Our share of the catch was 2 percent and they changed it to 1 percent without asking.
All the salaries were paid today. Thank you for your help!
I have received 1,200 dollars, but 800 is still missing.
The agency says the company did not pay them, and the company says they paid the agency.
My brother is on another boat of the same company and it is the same there.
We want to stop working until they pay. Is this allowed?
The second captain took my phone and broke it in front of everyone.
A new captain came on board in Dakar and since then it is much worse.
He drinks every evening and then looks for somebody to hit.
Last night he held a knife to my throat because the line was tangled.
They tied him to the mast in the sun without water for a whole day.
I was burned with hot water on my shoulder and my neck.
He pours cold water over us when we fall asleep.
The mate gives us pills so that we can stay awake. Some of the men are now addicted.
They sell drugs on board and take it out of our pay.
He has lost his mind, he talks to himself and wants to swim home.
We are afraid he will hurt himself or someone else. We tied the door.
I am only tired. I have no one to talk to in my language.
We heard shouting, then a splash. After that nobody saw him again.
The captain told us to say that he jumped, but he was pushed.
His family does not know yet. He was from Sittwe, 27 years old, with two small daughters.
How can the family get the body and the compensation?
We buried him on an island. I can show you the place.
A wave took three men from the deck. One was pulled out, two are gone.
We heard on the radio that another boat sank with all the crew.
The net caught his foot and pulled him under the water. We cut it, but it was too late.
Crane wire broke, one man dead, one badly injured, broken leg and head wound.
My hand was caught between the rope and the drum and I lost two fingers.
A fish spine went into my knee, and it is red and hot and I can't walk.
A needle of a stingray is in his foot. How do we take it out?
They did not stop the work even when he was lying on the floor.
The doctor in port said I must rest for two weeks, but I was sent back to work the next day.
He is yellow in the eyes and does not pass water any more.
Four of us have the same: swollen feet, short of breath, no appetite.
There are no vitamins on board. Only white rice, dried fish and salt.
Since the fridge broke the meat is rotten and full of worms.
The water tank is almost empty. We get one bottle each day.
It has been raining, so we collected water in a tarpaulin.
We work in heavy seas without a safety line. Someone will fall.
I am afraid of the winch, the brake does not work.
They want me to dive without training, and a diver already died last year.
The boat has too many people on it and no toilet paper, no soap, nothing.
I never had any training. They gave me a certificate with a false name and birthday.
My seaman's book says I am 25. In truth I am 17.
The broker took me across the border in a truck at night with 20 other people.
They held us in a house near the port until the boat was ready. The door was locked.
If I do not come on board, the broker will go to my parents.
He has a photo of my house and says he knows where my sister goes to school.
They said they will put my name on a black list so that I never find work again.
I want to change my employer. The old one will not sign the paper.
We met a supply ship today, so maybe I can send the papers with them.
The refrigerated carrier comes on Thursday to take the fish. I could leave with it.
There is an observer on board. He sees everything but is afraid too.
The observer has disappeared and his cabin was cleaned out.
The port inspection was only ten minutes and they looked at the fish, not at us.
The interpreter was a friend of the owner and did not say what I said.
They hide five men in the hold when the navy comes.
Half of the crew are not on the crew list.
We were told to throw the phones into the sea before we reach the harbour.
We have pictures and a video of the beating. How can I send them safely?
It happened on Wednesday evening, around nine, on the back deck. Four people saw it.
The same man did it before, in April and again in July.
I am frightened that they will find this message. I will delete it now.
Please answer quickly, because we go back out to sea on Sunday morning.
We have received your message. You are not alone. We read every word.
Thank you for telling us. It was brave of you to write.
We believe you. What happened to you is not your fault.
My name is Nok and I will look after your case. You can write to me in your own language at any time.
We will not tell the captain or the company that you have written to us.
Are you safe right now? Is the person who hurt you still near you?
Please tell us what you need first: a doctor, your money, your papers, or to leave the boat?
Can you tell us the name of the vessel, or a number that is painted on it?
How many people on board are in the same situation?
When were you last paid, and how much did you receive?
Do you have a copy of your contract? If you can, take a photo of each page.
Who holds your passport now? Since when?
Where is the boat now, and when will it next be in port?
How many hours did you sleep in the last 24 hours?
Does he have a fever? Is he breathing fast? Can he drink and keep it down?
Keep him lying down with his legs up and keep him warm. Give him small sips of clean water.
Press hard on the wound with a clean cloth for ten minutes and do not look under it.
Wash the hand with boiled water and soap two times a day and keep it dry.
A doctor has read your report and says he must go to hospital as soon as possible.
Swollen legs and shortness of breath can be beriberi. It is caused by missing vitamin B1 and can be treated. Please tell us today how many men have it.
We have asked the rescue centre to contact the ship. They will not say who called.
The coast guard has been told your position. Please write again in one hour.
If you think about ending your life, please talk to someone near you now, and write to us. We want you to stay alive.
You matter to us. Please stay with a friend tonight and do not be alone on deck.
Do not fight with him. Stay close to other people and sleep near your friends.
Hide this phone if it is not safe. You can come back to your messages with the ten pictures.
Only do it if it is safe for you. Your life is more important than any proof.
Write down the days, the hours and what happened. Keep it in a place where nobody looks.
Please do not sign any paper that you do not understand.
You have the right to keep your passport. Nobody may hold it for you without your permission.
By law your wages must be paid every month, and the broker's fee must be paid by the employer.
You have the right to ten hours of rest in every 24 hours and 77 hours in seven days.
We have written to the owner about the wages without giving any names.
The company has promised to pay by the end of the month. We will check that they do.
The lawyer says you can ask for the unpaid wages and also for compensation.
May we share your report with the labour inspectors? You can say yes or no. We will help you either way.
Do you agree that we give this part to a doctor? Nobody else will see it.
Our colleague will wait for you at the harbour in a white shirt, next to the shop with the green roof.
When you come ashore, call this number first. It is free and somebody speaks your language.
There is a safe house where you can stay, eat and rest. It costs you nothing.
We spoke with your wife today. She and the children are well and send you their love.
We are sorry that it takes so long. We have not forgotten you.
There is no answer from the agency so far. We will try again on Monday.
Good news: your ticket home has been paid and you fly on Thursday the 9th.
How are you today? Please check in when you can.
We have not heard from you for five days. Are you all right?
Please send a check-in every evening, even if nothing has happened.
Thank you for the check-in. We are glad that you are well.
If we do not hear from you by tomorrow night, we will ask the authorities to look for the vessel.
Take care of yourself and of each other. We will write again soon.
The union can come on board when the ship is in port. Would you like that?
Your report is now with the inspectors. They plan to visit the boat when it arrives.
If they ask you who wrote to us, you do not have to say anything.
Please tell us if anything changes, if the boat moves to another place, or if you are in danger.
We understand that you are angry. You have every reason to be.
What would you like us to do next? Nothing will happen without your consent.
"""
